package io.holdfast.cli;

import io.holdfast.DistributedLock;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import io.holdfast.LockRefusedException;
import io.holdfast.engine.EngineDescription;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** {@code holdfast doctor}: whether locks work here, and what they promise. */
@Command(
    name = "doctor",
    description = "Checks that locks work here, measures them, and says what the engine promises.",
    footer = {
      "",
      "Exit code: 0 if all is well, 1 if not; what to do is said beside each finding.",
      "",
      "Examples:",
      "  holdfast doctor",
      "  holdfast doctor --engine file:/var/lib/app/locks.db"
    })
final class DoctorCommand extends EngineCommand {

  /** One finding. */
  private record Finding(String subject, boolean good, String text) {}

  private static final int ROUNDS = 20;
  private static final Duration CLOCK_TOLERANCE = Duration.ofMillis(100);

  private final List<Finding> findings = new ArrayList<>();
  private @Nullable EngineDescription engine;

  @Override
  public Integer call() {
    Instant wall = Clock.now();
    long start = Clock.nanos();
    java();
    guardian();
    try (Holdfast locks = builder().connect()) {
      engine = locks.inspector().engine();
      good("engine", engine.type() + " at " + engine.location() + ", opened in " + since(start));
      if (engine.type().equals("file")) {
        disk(Path.of(engine.location()));
      }
      roundTrip(locks);
      good("locks", locks.inspector().list("").size() + " held or waited for in space " + space());
    } catch (EngineUnavailableException | LockRefusedException | IllegalArgumentException failure) {
      bad("engine", engineUri() + ": " + failure.getMessage());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      bad("engine", "interrupted; try again");
    }
    clocks(wall, start);
    return report();
  }

  private void java() {
    good(
        "java",
        System.getProperty("java.version")
            + " on "
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.arch"));
  }

  private void guardian() {
    if (Files.isExecutable(Path.of("/bin/sh"))) {
      good("guardian", "a command is killed even if 'holdfast run' is killed with SIGKILL");
    } else {
      bad(
          "guardian",
          "there is no /bin/sh: if 'holdfast run' is killed with SIGKILL, its command goes on"
              + " without the lock; use the fencing token");
    }
  }

  private void disk(Path file) {
    try {
      FileStore store = Files.getFileStore(file);
      long free = store.getUsableSpace() / 1_000_000;
      String text = store.type() + ", " + free + " MB free";
      if (free < 10) {
        bad("disk", text + "; make room, or locking will fail");
      } else {
        good("disk", text);
      }
    } catch (IOException unknown) {
      bad("disk", "cannot be looked at (" + unknown + "); check the permissions of " + file);
    }
  }

  private void roundTrip(Holdfast locks) throws InterruptedException {
    String name = "holdfast/doctor/" + ProcessHandle.current().pid();
    DistributedLock lock =
        locks.lock(name, LockOptions.DEFAULT.retention(LockOptions.Retention.OFF));
    List<Duration> times = new ArrayList<>();
    long last = 0;
    boolean growing = true;
    for (int i = 0; i < ROUNDS; i++) {
      long start = Clock.nanos();
      try (Hold hold = lock.acquire(Duration.ofSeconds(10))) {
        growing &= hold.token() > last;
        last = hold.token();
      }
      times.add(Clock.since(start));
    }
    times.sort(null);
    double median = Math.round(times.get(ROUNDS / 2).toNanos() / 10_000.0) / 100.0;
    if (growing) {
      good("round trip", "lock and unlock take " + median + " ms (median of " + ROUNDS + ")");
    } else {
      bad("round trip", "fencing tokens did not grow; do not use this engine, and report a bug");
    }
  }

  private void clocks(Instant wall, long start) {
    Duration difference = Duration.between(wall, Clock.now()).minus(Clock.since(start)).abs();
    if (difference.compareTo(CLOCK_TOLERANCE) > 0) {
      bad(
          "clocks",
          "the wall clock moved "
              + DurationText.of(difference)
              + " against the monotonic one meanwhile; locks do not mind, but ages are wrong: check"
              + " the time service");
    } else {
      good("clocks", "wall clock and monotonic clock agree");
    }
  }

  private static String since(long start) {
    return DurationText.of(Clock.since(start));
  }

  private void good(String subject, String text) {
    findings.add(new Finding(subject, true, text));
  }

  private void bad(String subject, String text) {
    findings.add(new Finding(subject, false, text));
  }

  private int report() {
    boolean well = findings.stream().allMatch(Finding::good);
    List<String> guarantees = engine == null ? List.of() : engine.guarantees();
    if (json()) {
      List<Map<String, Object>> checks =
          findings.stream()
              .map(each -> Json.object("check", each.subject, "ok", each.good, "text", each.text))
              .toList();
      console()
          .print(
              Json.document(
                  Json.object(
                      "ok",
                      well,
                      "engine",
                      engineUri(),
                      "checks",
                      checks,
                      "guarantees",
                      guarantees)));
    } else {
      print(well, guarantees);
    }
    return well ? ExitCodes.OK : ExitCodes.NO;
  }

  private void print(boolean well, List<String> guarantees) {
    Console console = console();
    for (Finding finding : findings) {
      String mark = finding.good ? console.good("ok  ") : console.bad("BAD ");
      console.print(mark + " " + String.format("%-11s", finding.subject) + finding.text);
    }
    if (!guarantees.isEmpty()) {
      console.print("");
      console.print("What this engine promises:");
      guarantees.forEach(line -> console.print("  " + line));
      console.print(
          "  always: the lease gives liveness and best-effort exclusion; the fencing token");
      console.print(
          "  gives safety, if the resource refuses a token below the largest it has seen");
    }
    console.print("");
    console.print(well ? "All is well." : "Something is wrong: see BAD above.");
  }
}
