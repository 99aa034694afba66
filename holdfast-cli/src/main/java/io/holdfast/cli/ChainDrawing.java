package io.holdfast.cli;

import io.holdfast.LockReport.Party;
import io.holdfast.WaitChain;
import io.holdfast.WaitChain.Link;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A chain of waits as a drawing: locks are boxes, owners are round, arrows lead from a lock to its
 * holder and from there to the lock that it waits for. What is part of a circle is red.
 */
final class ChainDrawing {

  /** A language for drawings. */
  private interface Pen {
    String begin();

    String lock(String id, String label, boolean marked);

    String owner(String id, List<String> label, boolean marked);

    String arrow(String from, String to, String label, boolean marked);

    List<String> end(List<Integer> markedArrows);
  }

  private record Who(Party party, String owner) {}

  private final WaitChain chain;
  private final Instant now;
  private final Pen pen;
  private final Set<Link> circle;
  private final Set<String> circleLocks = new HashSet<>();
  private final Set<Who> circleOwners = new HashSet<>();
  private final Map<String, String> locks = new LinkedHashMap<>();
  private final Map<Who, String> owners = new LinkedHashMap<>();
  private final List<String> lines = new ArrayList<>();
  private final List<Integer> markedArrows = new ArrayList<>();
  private int arrows;

  private ChainDrawing(WaitChain chain, Instant now, Pen pen) {
    this.chain = chain;
    this.now = now;
    this.pen = pen;
    circle = new HashSet<>(chain.cycle());
    for (Link link : circle) {
      circleLocks.add(link.holds());
      circleOwners.add(new Who(link.party(), link.owner()));
    }
  }

  /** For Graphviz: {@code | dot -Tsvg}. */
  static List<String> dot(WaitChain chain, Instant now) {
    return new ChainDrawing(chain, now, new Dot()).draw();
  }

  /** For Mermaid, which GitHub and others show in Markdown. */
  static List<String> mermaid(WaitChain chain, Instant now) {
    return new ChainDrawing(chain, now, new Mermaid()).draw();
  }

  private List<String> draw() {
    lines.add(pen.begin());
    String first = lock(chain.lock());
    if (chain.links().isEmpty()) {
      arrow(first, owner(null), "nobody holds it", false);
    }
    for (Link link : chain.links()) {
      boolean marked = circle.contains(link);
      String holder = owner(new Who(link.party(), link.owner()));
      String age = DurationText.of(Duration.between(link.since(), now));
      String wanted = link.waitsFor();
      arrow(lock(link.holds()), holder, wanted == null ? "held for " + age : "held by", marked);
      if (wanted != null) {
        arrow(holder, lock(wanted), "has waited " + age, marked);
      }
    }
    lines.addAll(pen.end(markedArrows));
    return lines;
  }

  private void arrow(String from, String to, String label, boolean marked) {
    if (marked) {
      markedArrows.add(arrows);
    }
    arrows++;
    lines.add(pen.arrow(from, to, label, marked));
  }

  private String lock(String name) {
    String known = locks.get(name);
    if (known != null) {
      return known;
    }
    String id = "lock" + locks.size();
    locks.put(name, id);
    lines.add(pen.lock(id, Listing.printable(name), circleLocks.contains(name)));
    return id;
  }

  private String owner(@Nullable Who who) {
    if (who == null) {
      lines.add(pen.owner("owner0", List.of("free"), false));
      return "owner0";
    }
    String known = owners.get(who);
    if (known != null) {
      return known;
    }
    String id = "owner" + owners.size();
    owners.put(who, id);
    List<String> label =
        List.of(
            Listing.printable(who.party().node()),
            "pid " + who.party().pid() + " on host " + Listing.printable(who.party().host()),
            Listing.printable(who.owner()));
    lines.add(pen.owner(id, label, circleOwners.contains(who)));
    return id;
  }

  private static final class Dot implements Pen {

    private static final String RED = ", color=red, fontcolor=red";

    @Override
    public String begin() {
      return "digraph waits {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n"
          + "  edge [fontname=\"sans-serif\", fontsize=10];";
    }

    @Override
    public String lock(String id, String label, boolean marked) {
      return node(id, quoted(label), "box", marked);
    }

    @Override
    public String owner(String id, List<String> label, boolean marked) {
      String lines = String.join("\\n", label.stream().map(Dot::escaped).toList());
      return node(id, '"' + lines + '"', "ellipse", marked);
    }

    private static String node(String id, String label, String shape, boolean marked) {
      return "  " + id + " [shape=" + shape + ", label=" + label + (marked ? RED : "") + "];";
    }

    @Override
    public String arrow(String from, String to, String label, boolean marked) {
      return "  " + from + " -> " + to + " [label=" + quoted(label) + (marked ? RED : "") + "];";
    }

    @Override
    public List<String> end(List<Integer> markedArrows) {
      return List.of("}");
    }

    private static String quoted(String text) {
      return '"' + escaped(text) + '"';
    }

    private static String escaped(String text) {
      return text.replace("\\", "\\\\").replace("\"", "\\\"");
    }
  }

  private static final class Mermaid implements Pen {

    @Override
    public String begin() {
      return "flowchart LR";
    }

    @Override
    public String lock(String id, String label, boolean marked) {
      return "  " + id + "[\"" + escaped(label) + "\"]" + mark(marked);
    }

    @Override
    public String owner(String id, List<String> label, boolean marked) {
      String lines = String.join("<br/>", label.stream().map(Mermaid::escaped).toList());
      return "  " + id + "([\"" + lines + "\"])" + mark(marked);
    }

    private static String mark(boolean marked) {
      return marked ? ":::circle" : "";
    }

    @Override
    public String arrow(String from, String to, String label, boolean marked) {
      return "  " + from + " -->|\"" + escaped(label) + "\"| " + to;
    }

    @Override
    public List<String> end(List<Integer> markedArrows) {
      if (markedArrows.isEmpty()) {
        return List.of();
      }
      String numbers = String.join(",", markedArrows.stream().map(String::valueOf).toList());
      return List.of(
          "  classDef circle stroke:#c00,color:#c00",
          "  linkStyle " + numbers + " stroke:#c00,color:#c00");
    }

    /**
     * Everything that is neither letter, digit nor harmless becomes the number of its character.
     */
    private static String escaped(String text) {
      StringBuilder escaped = new StringBuilder();
      text.codePoints()
          .forEach(
              each -> {
                if (Character.isLetterOrDigit(each) || " ./-:,()".indexOf(each) >= 0) {
                  escaped.appendCodePoint(each);
                } else {
                  escaped.append('#').append(each).append(';');
                }
              });
      return escaped.toString();
    }
  }
}
