package io.holdfast.cli;

import io.holdfast.WaitChain;
import io.holdfast.WaitChain.Link;
import io.holdfast.rules.Mode;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Chains of waits in JSON's objects and lists. */
final class ChainJson {

  private ChainJson() {}

  /** A chain with its end and its links. */
  static Map<String, Object> chain(WaitChain chain, Instant now) {
    Set<Link> circle = new HashSet<>(chain.cycle());
    List<Map<String, Object>> links =
        chain.links().stream()
            .map(
                each -> {
                  Map<String, Object> link = link(each, now);
                  link.put("inCycle", circle.contains(each));
                  return link;
                })
            .toList();
    String end = chain.end().name().toLowerCase(Locale.ROOT).replace('_', '-');
    return Json.object("end", end, "links", links);
  }

  /** Links without a chain around them, as of a deadlock. */
  static List<Map<String, Object>> links(List<Link> links, Instant now) {
    return links.stream().map(each -> link(each, now)).toList();
  }

  private static Map<String, Object> link(Link link, Instant now) {
    Map<String, Object> object =
        Json.object(
            "holds",
            link.holds(),
            "heldAs",
            mode(link.heldAs()),
            "node",
            link.party().node(),
            "host",
            link.party().host(),
            "pid",
            link.party().pid(),
            "owner",
            link.owner());
    String wanted = link.waitsFor();
    Mode wantedAs = link.wantedAs();
    if (wanted != null && wantedAs != null) {
      object.put("waitsFor", wanted);
      object.put("wantedAs", mode(wantedAs));
    }
    Json.putAge(object, link.since(), now);
    return object;
  }

  private static String mode(Mode mode) {
    return mode.type().name().toLowerCase(Locale.ROOT);
  }
}
