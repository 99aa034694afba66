package io.holdfast.bench;

import io.holdfast.bench.Comparison.Peer;
import java.util.ArrayList;
import java.util.List;

/** What is compared with what, and with which budget. */
final class Plan {

  private static final Budget RETAINED = new Budget(60, 3, 0, true);
  private static final Budget RETAINED_TIME = new Budget(60, 3, 0, false);
  private static final Budget CONTENDED = new Budget(0, 0, 0.5, false);

  /** A critical section of some 100 ns, in JMH's tokens. */
  private static final long SHORT_SECTION = 100;

  private Plan() {}

  /** All comparisons; those with the same peer follow each other. */
  static List<Comparison> all() {
    List<Comparison> all = new ArrayList<>(retained());
    for (int threads : new int[] {2, 4, 16}) {
      all.addAll(contended(threads));
    }
    for (int threads : new int[] {1, 4, 16}) {
      all.add(readers(threads));
    }
    all.add(file());
    return all;
  }

  private static List<Comparison> retained() {
    Peer floor =
        new Peer(
            "ReentrantLock + nanoTime",
            List.of(
                new Subject(RetainedBenchmark.class, "reentrantLock"),
                new Subject(RetainedBenchmark.class, "nanoTime")));
    Subject hold = new Subject(RetainedBenchmark.class, "hold");
    Subject aroundCall = new Subject(RetainedBenchmark.class, "holdAroundCall");
    Subject classic = new Subject(RetainedBenchmark.class, "asLock");
    return List.of(
        new Comparison("retained, Hold", hold, floor, RETAINED),
        new Comparison("retained, Hold around a call", aroundCall, floor, RETAINED_TIME),
        new Comparison("retained, asLock()", classic, floor, RETAINED));
  }

  private static List<Comparison> contended(int threads) {
    Peer lock = new Peer("ReentrantLock", contended("reentrantLock", threads, SHORT_SECTION));
    Peer bare = new Peer("ReentrantLock", contended("reentrantLock", threads, 0));
    Peer clock =
        new Peer("ReentrantLock + nanoTime", contended("reentrantLockAndClock", threads, 0));
    Subject hold = contended("hold", threads, SHORT_SECTION);
    Subject classic = contended("asLock", threads, SHORT_SECTION);
    Subject empty = contended("hold", threads, 0);
    String path = "contended, " + threads + " threads, ";
    return List.of(
        new Comparison(path + "Hold", hold, lock, CONTENDED),
        new Comparison(path + "asLock()", classic, lock, CONTENDED),
        new Comparison(path + "empty section", empty, clock, CONTENDED),
        new Comparison(path + "empty section", empty, bare, Budget.NONE));
  }

  private static Subject contended(String method, int threads, long section) {
    return new Subject(ContendedBenchmark.class, method, threads).with("section", section);
  }

  private static Comparison readers(int threads) {
    String path = threads == 1 ? "1 reader" : threads + " readers";
    Peer peer =
        new Peer(
            "ReentrantReadWriteLock",
            new Subject(ReadersBenchmark.class, "reentrantReadLock", threads));
    return new Comparison(
        path, new Subject(ReadersBenchmark.class, "hold", threads), peer, Budget.NONE);
  }

  private static Comparison file() {
    Peer peer =
        new Peer("two SQLite commits", new Subject(BareSqliteBenchmark.class, "twoCommits"));
    return new Comparison(
        "file:, cold", new Subject(FileEngineBenchmark.class, "hold"), peer, Budget.NONE);
  }
}
