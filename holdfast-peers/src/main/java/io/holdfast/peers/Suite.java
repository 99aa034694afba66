package io.holdfast.peers;

import io.holdfast.engine.Environment;
import io.holdfast.tck.ServerProcess;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/** Runs Holdfast and the peers of a store in turn, and prints what came of it. */
public final class Suite {

  static final String HOLDFAST = "Holdfast";

  /** Holdfast again, with strict fairness: as the peers, it asks the server each time. */
  static final String STRICT = "Holdfast STRICT";

  private static final List<Integer> THREADS = List.of(1, 16, 64);
  private static final int WARM_UP_THREADS = 16;
  private static final double COLD_BUDGET = 1;
  private static final double HAND_OFF_BUDGET = 2;
  private static final double BUDGET_BESIDE_GREED = 0.5;
  private static final double NO_BUDGET = 0;

  /** Compilers need some time, whatever the rounds take. */
  private static final Duration WARM_UP = Duration.ofSeconds(3);

  private final Store store;
  private final int rounds;
  private final Duration time;
  private final List<String> libraries = new ArrayList<>();
  private boolean missed;

  private Suite(Store store, int rounds, Duration time) {
    this.store = store;
    this.rounds = rounds;
    this.time = time;
    libraries.add(HOLDFAST);
    libraries.addAll(store.peers());
  }

  /**
   * Exits with 0 if the budgets hold, with 1 if one was missed.
   *
   * @param arguments the store, how many rounds, and how many milliseconds each takes
   */
  public static void main(String[] arguments) throws Exception {
    Store store = Store.valueOf(arguments[0].toUpperCase(Locale.ROOT));
    int rounds = Integer.parseInt(arguments[1]);
    Duration time = Duration.ofMillis(Long.parseLong(arguments[2]));
    Suite suite = new Suite(store, rounds, time);
    try (ServerProcess server = store.start()) {
      System.out.printf(
          Locale.ROOT,
          "%s, %d rounds of %d ms, load %.1f%n%n",
          store,
          rounds,
          time.toMillis(),
          ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
      System.out.println("| path | Holdfast | peer | ratio | budget | |");
      System.out.println("|---|---|---|---|---|---|");
      suite.cold(server.port());
      suite.besideGreed(server.port());
      suite.handOffs(server.port());
    }
    System.out.println("\nMedian (least–most) of the rounds; ratios are made in each round.");
    System.exit(suite.missed ? 1 : 0);
  }

  private void cold(int port) throws Exception {
    Cold cold = new Cold(Environment.system("peers").ticker());
    Map<String, Contender> contenders = new LinkedHashMap<>();
    for (String library : libraries) {
      Contender contender = store.connect(library, port);
      contenders.put(library, contender);
      cold.run(contender, WARM_UP_THREADS, WARM_UP);
    }
    for (int threads : THREADS) {
      Map<String, List<Double>> results = new LinkedHashMap<>();
      for (int round = 0; round <= rounds; round++) {
        for (String library : libraries) {
          double perSecond = cold.run(of(contenders, library), threads, time);
          // The first round warms up.
          if (round > 0) {
            results.computeIfAbsent(library, made -> new ArrayList<>()).add(perSecond);
          }
        }
      }
      for (String peer : store.peers()) {
        List<Double> ours = of(results, HOLDFAST);
        row(
            "cold, " + threads + (threads == 1 ? " thread" : " threads"),
            new Pair(ours, peer, of(results, peer)),
            Store.isFloor(peer) ? NO_BUDGET : COLD_BUDGET);
      }
    }
    for (Contender contender : contenders.values()) {
      contender.close();
    }
  }

  /** S33: what a modest client does beside one that asks for all it can. */
  private void besideGreed(int port) throws Exception {
    Cold cold = new Cold(Environment.system("peers").ticker());
    List<Double> alone = new ArrayList<>();
    List<Double> beside = new ArrayList<>();
    try (Contender modest = store.connect(HOLDFAST, port);
        Greed greed = new Greed(store.uri(port))) {
      cold.run(modest, WARM_UP_THREADS, WARM_UP);
      for (int round = 0; round <= rounds; round++) {
        double quiet = cold.run(modest, 1, time);
        double loud = greed.beside(() -> cold.run(modest, 1, time));
        // The first round warms up.
        if (round > 0) {
          alone.add(quiet);
          beside.add(loud);
        }
      }
    }
    row(
        "cold, 1 thread, beside a greedy client",
        new Pair(beside, "Holdfast alone", alone),
        BUDGET_BESIDE_GREED);
  }

  private void handOffs(int port) throws IOException {
    Map<String, List<HandOffs.Round>> results = new LinkedHashMap<>();
    Map<String, HandOffs> groups = new LinkedHashMap<>();
    List<String> all = new ArrayList<>(libraries);
    all.add(STRICT);
    try {
      for (String library : all) {
        groups.put(library, new HandOffs(store, library, port));
      }
      for (int round = 0; round <= rounds; round++) {
        for (String library : all) {
          HandOffs.Round result = of(groups, library).run(time.multipliedBy(2));
          if (round > 0) {
            results.computeIfAbsent(library, made -> new ArrayList<>()).add(result);
          }
        }
      }
    } finally {
      for (HandOffs group : groups.values()) {
        group.close();
      }
    }
    report(results);
  }

  private void report(Map<String, List<HandOffs.Round>> results) {
    for (String peer : store.peers()) {
      List<HandOffs.Round> theirs = of(results, peer);
      double budget = Store.isFloor(peer) ? NO_BUDGET : HAND_OFF_BUDGET;
      for (String ours : List.of(HOLDFAST, STRICT)) {
        boolean judged = ours.equals(HOLDFAST);
        String path = judged ? "hand-offs from " : "strictly fair hand-offs from ";
        row(
            path + "thread to thread",
            Pair.of(of(results, ours), peer, theirs, HandOffs.Round::perSecond),
            judged ? budget : NO_BUDGET);
        row(
            path + "process to process",
            Pair.of(of(results, ours), peer, theirs, HandOffs.Round::movesPerSecond),
            NO_BUDGET);
      }
    }
    results.forEach(this::reportService);
    System.out.println();
  }

  private void reportService(String library, List<HandOffs.Round> served) {
    System.out.printf(
        "%n%s: in a round each of %d threads was served %d to %d times",
        library,
        HandOffs.PROCESSES * HandOffs.THREADS,
        served.stream().mapToLong(HandOffs.Round::fewest).min().orElse(0),
        served.stream().mapToLong(HandOffs.Round::most).max().orElse(0));
    boolean own = library.equals(HOLDFAST) || library.equals(STRICT);
    missed |= own && served.stream().anyMatch(round -> round.fewest() == 0);
  }

  /** Figures of the same rounds. */
  private record Pair(List<Double> ours, String peer, List<Double> theirs) {

    static Pair of(
        List<HandOffs.Round> ours,
        String peer,
        List<HandOffs.Round> theirs,
        ToDoubleFunction<HandOffs.Round> figure) {
      return new Pair(figures(ours, figure), peer, figures(theirs, figure));
    }

    private static List<Double> figures(
        List<HandOffs.Round> rounds, ToDoubleFunction<HandOffs.Round> figure) {
      return rounds.stream().mapToDouble(figure).boxed().toList();
    }

    List<Double> ratios() {
      List<Double> ratios = new ArrayList<>();
      for (int i = 0; i < ours.size(); i++) {
        ratios.add(ours.get(i) / Math.max(theirs.get(i), 1e-9));
      }
      return ratios;
    }
  }

  private void row(String path, Pair pair, double budget) {
    double ratio = median(pair.ratios());
    boolean held = ratio >= budget;
    missed |= !held;
    System.out.printf(
        Locale.ROOT,
        "| %s | %s /s | %s %s /s | %s× | %s | %s |%n",
        path,
        text(pair.ours()),
        pair.peer(),
        text(pair.theirs()),
        text(pair.ratios()),
        budget == 0 ? "–" : "≥ " + budget + "×",
        verdict(budget, held));
  }

  private static String verdict(double budget, boolean held) {
    if (budget == 0) {
      return "–";
    }
    return held ? "ok" : "MISSED";
  }

  private static <T> T of(Map<String, T> each, String library) {
    return Objects.requireNonNull(each.get(library), library);
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }

  private static String text(List<Double> values) {
    return String.format(
        Locale.ROOT,
        "%s (%s–%s)",
        digits(median(values)),
        digits(values.stream().mapToDouble(Double::doubleValue).min().orElse(0)),
        digits(values.stream().mapToDouble(Double::doubleValue).max().orElse(0)));
  }

  private static String digits(double value) {
    return String.format(Locale.ROOT, value >= 100 ? "%.0f" : "%.2f", value);
  }
}
