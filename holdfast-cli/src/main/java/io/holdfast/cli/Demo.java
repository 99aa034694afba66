package io.holdfast.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/** The four parts of the demo. */
final class Demo {

  /**
   * What to play.
   *
   * @param directory for the counter and all else
   * @param engine where the lock is
   * @param processes how many
   * @param increments how many each
   * @param ttl the lease of a holder that is stopped
   */
  record Settings(Path directory, String engine, int processes, int increments, Duration ttl) {

    long total() {
      return (long) processes * increments;
    }

    /** When the lease of a holder that cannot renew it is over, everywhere. */
    Duration latest() {
      return ttl.plus(AFTER_EXPIRY);
    }

    /** How soon a killed holder is replaced. Only on a file does the system tell of its end. */
    Duration killLimit() {
      boolean file = engine.toLowerCase(Locale.ROOT).startsWith("file:");
      return file ? KILL_LIMIT : latest();
    }
  }

  /**
   * How a part went.
   *
   * @param part its name
   * @param good whether as promised
   * @param text one line
   * @param figures what was measured
   */
  record Result(String part, boolean good, String text, Map<String, Object> figures) {}

  private static final Duration KILL_LIMIT = Duration.ofMillis(500);
  private static final Duration AFTER_EXPIRY = Duration.ofSeconds(1);
  private static final Duration STALL_LIMIT = Duration.ofSeconds(30);

  private final Settings settings;
  private final DemoCommand.Narrator narrator;
  private final CounterFile counter;

  Demo(Settings settings, DemoCommand.Narrator narrator) {
    this.settings = settings;
    this.narrator = narrator;
    this.counter = new CounterFile(settings.directory().resolve(DemoWorker.COUNTER));
  }

  /** Plays all parts. */
  List<Result> play() throws IOException, InterruptedException {
    return List.of(withoutLock(), withLock(), killedHolder(), stoppedHolder());
  }

  private Result withoutLock() throws IOException, InterruptedException {
    narrator.chapter("1. Without a lock");
    counter.write(0);
    incrementAll("unlocked", this::read);
    long counted = counter.read();
    long lost = settings.total() - counted;
    narrator.tell(
        "the counter says " + number(counted) + ": " + number(lost) + " updates are lost");
    return new Result(
        "without a lock",
        lost > 0,
        lost > 0
            ? number(lost)
                + " of "
                + number(settings.total())
                + " updates lost, as was to be expected"
            : "no update lost: by luck, or with too few increments to show it",
        Map.of("increments", settings.total(), "counted", counted));
  }

  private Result withLock() throws IOException, InterruptedException {
    narrator.chapter("2. With the lock");
    counter.write(0);
    long start = Clock.nanos();
    incrementAll("locked", this::read);
    double seconds = Clock.since(start).toMillis() / 1000.0;
    long counted = counter.read();
    boolean growing = tokensGrow(Files.readAllLines(settings.directory().resolve(DemoWorker.LOG)));
    long lost = settings.total() - counted;
    narrator.tell(
        "the counter says "
            + number(counted)
            + ": "
            + (lost == 0 ? "none is lost" : number(lost) + " ARE LOST"));
    narrator.tell("tokens " + (growing ? "grow strictly" : "DO NOT GROW") + " over the whole log");
    return new Result(
        "with the lock",
        counted == settings.total() && growing,
        number(counted) + " of " + number(settings.total()) + " counted, tokens strictly growing",
        Map.of(
            "increments",
            settings.total(),
            "counted",
            counted,
            "tokensGrow",
            growing,
            "seconds",
            seconds));
  }

  private void incrementAll(String task, LongSupplier progress) throws InterruptedException {
    List<DemoProcess> workers = new ArrayList<>();
    try {
      for (int i = 0; i < settings.processes(); i++) {
        workers.add(start(task));
      }
      for (DemoProcess worker : workers) {
        worker.hear("ready");
      }
      narrator.tell(
          settings.processes()
              + " processes add one "
              + number(settings.increments())
              + " times each: pids "
              + String.join(
                  ", ", workers.stream().map(each -> Long.toString(each.pid())).toList()));
      workers.forEach(worker -> worker.tell("go"));
      follow(workers, progress);
      for (DemoProcess worker : workers) {
        worker.hear("done");
      }
    } finally {
      workers.forEach(DemoProcess::close);
    }
  }

  private void follow(List<DemoProcess> workers, LongSupplier progress) {
    long moved = Clock.nanos();
    long last = -1;
    while (!Clock.await(
        Duration.ofSeconds(1), () -> workers.stream().allMatch(DemoProcess::hasAnswered))) {
      long now = progress.getAsLong();
      if (now != last) {
        last = now;
        moved = Clock.nanos();
      }
      if (Clock.since(moved).compareTo(STALL_LIMIT) > 0 || Thread.currentThread().isInterrupted()) {
        throw new ExitException(
            ExitCodes.FAILED,
            "the workers have stopped at "
                + number(now)
                + " of "
                + number(settings.total())
                + "; try 'holdfast doctor', and please report this");
      }
      narrator.progress(number(now) + " of " + number(settings.total()));
    }
    narrator.progress(null);
  }

  private Result killedHolder() throws IOException, InterruptedException {
    narrator.chapter("3. A holder is killed in the middle");
    counter.write(0);
    try (DemoProcess victim = start("stepwise");
        DemoProcess next = start("stepwise")) {
      long first = hold(victim);
      narrator.tell("pid " + victim.pid() + " holds the lock, token " + first + ", and has read");
      queue(next);
      long killed = Clock.nanos();
      victim.kill();
      narrator.tell("kill -9 " + victim.pid());
      long second = Long.parseLong(next.hear("holding"));
      Duration gap = Clock.since(killed);
      narrator.tell(
          "pid "
              + next.pid()
              + " has the lock after "
              + DurationText.of(gap)
              + ", token "
              + second);
      next.tell("write");
      narrator.tell("pid " + next.pid() + " wrote " + next.hear("written"));
      next.tell("release");
      next.hear("done");
      Duration limit = settings.killLimit();
      boolean good = gap.compareTo(limit) < 0 && second > first && counter.read() == 1;
      return new Result(
          "kill -9",
          good,
          "replaced after "
              + DurationText.of(gap)
              + " (promised: less than "
              + DurationText.of(limit)
              + ")",
          Map.of("replacedMillis", gap.toMillis(), "tokens", List.of(first, second)));
    }
  }

  private Result stoppedHolder() throws IOException, InterruptedException {
    narrator.chapter("4. A holder is stopped for longer than its lease, and then goes on");
    counter.write(0);
    try (DemoProcess sleeper = start("stepwise");
        DemoProcess next = start("stepwise")) {
      long stale = hold(sleeper);
      narrator.tell("pid " + sleeper.pid() + " holds the lock, token " + stale + ", and has read");
      queue(next);
      long stopped = Clock.nanos();
      sleeper.signal("STOP");
      narrator.tell(
          "kill -STOP "
              + sleeper.pid()
              + ": it cannot renew its lease of "
              + DurationText.of(settings.ttl()));
      long token = Long.parseLong(next.hear("holding"));
      Duration gap = Clock.since(stopped);
      narrator.tell(
          "pid " + next.pid() + " has the lock after " + DurationText.of(gap) + ", token " + token);
      next.tell("write");
      narrator.tell("pid " + next.pid() + " wrote " + next.hear("written"));
      next.tell("release");
      next.hear("done");
      String refusal = lateWrite(sleeper);
      return stoppedResult(gap, refusal, counter.read());
    }
  }

  private String lateWrite(DemoProcess sleeper) throws InterruptedException {
    sleeper.signal("CONT");
    narrator.tell(
        "kill -CONT " + sleeper.pid() + ": it believes that it holds the lock, and writes");
    sleeper.tell("write");
    String refusal = sleeper.hear("refused");
    narrator.tell("the fence refuses: " + refusal);
    sleeper.tell("release");
    sleeper.hear("done");
    return refusal;
  }

  private Result stoppedResult(Duration gap, String refusal, long counted) {
    Duration earliest = settings.ttl().multipliedBy(2).dividedBy(3);
    boolean inTime = gap.compareTo(earliest) >= 0 && gap.compareTo(settings.latest()) <= 0;
    return new Result(
        "SIGSTOP",
        inTime && !refusal.isEmpty() && counted == 1,
        "replaced after "
            + DurationText.of(gap)
            + " (promised: "
            + DurationText.of(earliest)
            + " to "
            + DurationText.of(settings.latest())
            + "), late write refused",
        Map.of("replacedMillis", gap.toMillis(), "refusal", refusal));
  }

  private long hold(DemoProcess worker) throws InterruptedException {
    worker.hear("ready");
    worker.tell("go");
    return Long.parseLong(worker.hear("holding"));
  }

  private void queue(DemoProcess worker) throws InterruptedException {
    worker.hear("ready");
    worker.tell("go");
    Clock.pause(Duration.ofMillis(300));
    narrator.tell("pid " + worker.pid() + " waits for it");
  }

  private DemoProcess start(String task) {
    return DemoProcess.start(
        "--task=" + task,
        "--engine=" + settings.engine(),
        "--directory=" + settings.directory(),
        "--increments=" + settings.increments(),
        "--ttl=PT" + settings.ttl().toMillis() / 1000.0 + "S");
  }

  private long read() {
    try {
      return counter.read();
    } catch (IOException unreadable) {
      return 0;
    }
  }

  private static boolean tokensGrow(List<String> log) {
    long last = 0;
    for (String line : log) {
      long token = Long.parseLong(line.split(" ", 2)[0]);
      if (token <= last) {
        return false;
      }
      last = token;
    }
    return !log.isEmpty();
  }

  private static String number(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }
}
