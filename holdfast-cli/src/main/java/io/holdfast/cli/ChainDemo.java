package io.holdfast.cli;

import io.holdfast.Holdfast;
import io.holdfast.WaitChain;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The chain of the demo: grows, is closed, and comes undone. */
final class ChainDemo implements AutoCloseable {

  /**
   * What to play.
   *
   * @param engine where the locks are
   * @param space their namespace
   * @param nodes how many, 2 to 26
   * @param processes how many, not more than nodes
   */
  record Settings(String engine, String space, int nodes, int processes) {}

  /**
   * A node that gave way.
   *
   * @param name which
   * @param after how long after the circle was closed
   * @param cycle what its exception said, as JSON's objects
   */
  record GaveWay(String name, Duration after, List<Map<String, Object>> cycle) {}

  /**
   * How it went.
   *
   * @param chain the whole chain before it was closed
   * @param finished who got the next one's lock, in this order
   * @param failed what others said
   */
  record Outcome(
      int nodes,
      Map<String, Object> chain,
      List<GaveWay> gaveWay,
      List<String> finished,
      List<String> failed) {

    /** Exactly one gave way, and everybody else finished. */
    boolean isAsPromised() {
      return gaveWay.size() == 1 && failed.isEmpty() && Set.copyOf(finished).size() == nodes - 1;
    }
  }

  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Duration PACE = Duration.ofMillis(100);

  /** How many links are news where no progress is shown. */
  private static final int NEWS = 5;

  private final Settings settings;
  private final DemoCommand.Narrator narrator;
  private final String prefix = "demo/chain/" + ProcessHandle.current().pid() + "/";
  private final List<DemoProcess> workers = new ArrayList<>();
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
  private final List<GaveWay> gaveWay = new ArrayList<>();
  private final List<String> finished = new ArrayList<>();
  private final List<String> failed = new ArrayList<>();
  private final Set<String> holding = new HashSet<>();
  private long closed;

  ChainDemo(Settings settings, DemoCommand.Narrator narrator) {
    this.settings = settings;
    this.narrator = narrator;
  }

  Outcome play() throws InterruptedException {
    narrator.chapter("A chain of " + settings.nodes() + " nodes");
    startAll();
    try (Holdfast onlooker =
        Holdfast.builder(settings.engine()).space(settings.space()).connect()) {
      WaitChain chain = grow(onlooker);
      Map<String, Object> whole = ChainJson.chain(chain, Clock.now());
      closeTheCircle();
      return new Outcome(settings.nodes(), whole, gaveWay, finished, failed);
    }
  }

  /** A, B, … */
  private static String name(int number) {
    return Character.toString('A' + number);
  }

  private String last() {
    return name(settings.nodes() - 1);
  }

  // ---------------------------------------------------------------- the chain

  private void startAll() throws InterruptedException {
    for (int process = 0; process < settings.processes(); process++) {
      int first = process;
      // Neighbours are in different processes, so that each link goes through the engine.
      String members =
          IntStream.range(0, settings.nodes())
              .filter(number -> number % settings.processes() == first)
              .mapToObj(number -> name(number) + ">" + name((number + 1) % settings.nodes()))
              .collect(Collectors.joining(","));
      workers.add(
          DemoProcess.start(
              answers,
              "--task=chain",
              "--engine=" + settings.engine(),
              "--space=" + settings.space(),
              "--prefix=" + prefix,
              "--members=" + members));
    }
    narrator.tell(
        "nodes A to "
            + last()
            + " in "
            + settings.processes()
            + " processes: pids "
            + String.join(", ", workers.stream().map(each -> "" + each.pid()).toList()));
    while (holding.size() < settings.nodes()) {
      listen();
      narrator.progress(holding.size() + " of " + settings.nodes() + " nodes hold their lock");
    }
    narrator.progress(null);
    narrator.tell("each holds its own lock, and asks for the next one's");
  }

  private void tell(String member) {
    workers.get((member.charAt(0) - 'A') % settings.processes()).tell(member);
  }

  /** Lets all but the last ask, one after the other, until the whole chain is to be seen. */
  private WaitChain grow(Holdfast onlooker) throws InterruptedException {
    long start = Clock.nanos();
    int told = 0;
    int shown = 0;
    while (true) {
      if (told < settings.nodes() - 1) {
        tell(name(told));
        told++;
      }
      Clock.pause(PACE);
      WaitChain chain = onlooker.inspector().waitChain(prefix + "A");
      int links = chain.links().size();
      narrator.progress(letters(chain));
      if (links >= settings.nodes() || (links >= shown + NEWS && !narrator.showsProgress())) {
        narrator.progress(null);
        narrator.tell("seen: " + letters(chain));
        shown = links;
      }
      if (links >= settings.nodes()) {
        return chain;
      }
      if (Clock.since(start).compareTo(LIMIT) > 0 || Thread.currentThread().isInterrupted()) {
        throw stuck("the chain has stopped at " + letters(chain));
      }
      while (!answers.isEmpty()) {
        listen();
      }
    }
  }

  private String letters(WaitChain chain) {
    return chain.links().stream()
        .map(link -> letter(link.holds()))
        .collect(Collectors.joining(" > "));
  }

  private void closeTheCircle() throws InterruptedException {
    narrator.chapter(last() + " asks for the lock of A");
    closed = Clock.nanos();
    tell(last());
    narrator.tell("now everybody waits for somebody: a deadlock");
    while (gaveWay.size() + finished.size() + failed.size() < settings.nodes()) {
      listen();
      narrator.progress("finished: " + String.join(" ", finished));
    }
    narrator.progress(null);
    narrator.tell(
        "then all others got what they waited for: "
            + String.join(" ", finished)
            + ", the last one "
            + DurationText.of(Clock.since(closed))
            + " after the circle was closed");
  }

  // ---------------------------------------------------------------- what the nodes say

  private void listen() throws InterruptedException {
    String answer = answers.poll(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    if (answer == null) {
      throw stuck("nobody has said anything for " + DurationText.of(LIMIT));
    }
    if (answer.equals(DemoProcess.END)) {
      throw stuck("a process has ended early");
    }
    String[] words = answer.split(" ", 3);
    String member = words.length > 1 ? words[1] : "";
    switch (words[0]) {
      case ChainMember.HOLDS -> holding.add(member);
      case ChainMember.FINISHED -> finished.add(member);
      case ChainMember.GAVE_WAY -> gaveWay(member, Json.objects(words[2]));
      case ChainMember.FAILED -> failed(answer);
      default -> throw stuck("a process said " + answer);
    }
  }

  private void failed(String answer) {
    if (closed == 0) {
      throw stuck(answer);
    }
    failed.add(answer);
    narrator.progress(null);
    narrator.tell(answer);
  }

  private void gaveWay(String member, List<Map<String, Object>> cycle) {
    if (closed == 0) {
      throw stuck(member + " gave way though there was no circle; please report this");
    }
    Duration after = Clock.since(closed);
    gaveWay.add(new GaveWay(member, after, cycle));
    narrator.progress(null);
    narrator.tell(
        member
            + " gave way "
            + DurationText.of(after)
            + " after the circle was closed, because its wait began last. It was told:");
    for (Map<String, Object> link : cycle) {
      narrator.add(
          "pid "
              + link.get("pid")
              + ", "
              + link.get("owner")
              + " holds "
              + letter(link.get("holds"))
              + " and waits for "
              + letter(link.get("waitsFor")));
    }
  }

  private String letter(@Nullable Object lock) {
    String name = String.valueOf(lock);
    return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
  }

  private static ExitException stuck(String what) {
    return new ExitException(
        ExitCodes.FAILED, what + "; try 'holdfast doctor' with the same engine");
  }

  @Override
  public void close() {
    workers.forEach(DemoProcess::close);
  }
}
