package io.holdfast.cli;

import io.holdfast.DistributedLock;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import io.holdfast.LockRefusedException;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.Finding;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

/** {@code holdfast doctor}: whether locks work here, and what they promise. */
@Command(
    name = "doctor",
    description =
        "Checks that locks work here, measures them, looks at the settings of the engine's server,"
            + " and says what the engine promises.",
    footer = {
      "",
      "Exit code: 0 if locks work (warnings included), 1 if something is wrong, 2 if something is",
      "UNSAFE: locks may be lost or given twice. What to do is said beside each finding.",
      "",
      "Examples:",
      "  holdfast doctor",
      "  holdfast doctor --engine redis://localhost"
    })
final class DoctorCommand extends EngineCommand {

  /** How bad a finding is, the worst last. */
  private enum Mark {
    /** As it should be. */
    OK("ok"),
    /** The engine's server does not tell. */
    UNKNOWN("?"),
    /** Works, but could be better. */
    WARNING("WARN"),
    /** Does not work. */
    BAD("BAD"),
    /** Works, but locks may be lost or given twice. */
    UNSAFE("UNSAFE");

    private final String text;

    Mark(String text) {
      this.text = text;
    }

    boolean isGood() {
      return compareTo(BAD) < 0;
    }

    static Mark of(Finding.Level level) {
      return switch (level) {
        case FINE -> OK;
        case UNKNOWN -> UNKNOWN;
        case WARNING -> WARNING;
        case UNSAFE -> UNSAFE;
      };
    }
  }

  /** One thing that was looked at. */
  private record Check(Mark mark, String subject, String text) {}

  private static final int ROUNDS = 20;
  private static final Duration CLOCK_TOLERANCE = Duration.ofMillis(100);

  private final List<Check> checks = new ArrayList<>();
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
      settings(locks.inspector().examine());
      roundTrip(locks);
      good("locks", locks.inspector().list("").size() + " held or waited for in space " + space());
    } catch (EngineUnavailableException | LockRefusedException | IllegalArgumentException failure) {
      bad("engine", shownUri() + ": " + failure.getMessage());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      bad("engine", "interrupted; try again");
    }
    clocks(wall, start);
    return report();
  }

  private String shownUri() {
    return EngineLocation.withoutSecrets(engineUri());
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

  private void settings(List<Finding> findings) {
    for (Finding each : findings) {
      checks.add(new Check(Mark.of(each.level()), each.subject(), each.text()));
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
    checks.add(new Check(Mark.OK, subject, text));
  }

  private void bad(String subject, String text) {
    checks.add(new Check(Mark.BAD, subject, text));
  }

  private int report() {
    Mark worst = checks.stream().map(Check::mark).max(Mark::compareTo).orElse(Mark.OK);
    List<String> guarantees = engine == null ? List.of() : engine.guarantees();
    if (json()) {
      console().print(Json.document(document(worst, guarantees)));
    } else {
      print(worst, guarantees);
    }
    return switch (worst) {
      case OK, UNKNOWN, WARNING -> ExitCodes.OK;
      case BAD -> ExitCodes.NO;
      case UNSAFE -> ExitCodes.UNSAFE;
    };
  }

  private Map<String, Object> document(Mark worst, List<String> guarantees) {
    List<Map<String, Object>> all =
        checks.stream()
            .map(
                each ->
                    Json.object(
                        "check",
                        each.subject,
                        "ok",
                        each.mark.isGood(),
                        "level",
                        each.mark.name().toLowerCase(Locale.ROOT),
                        "text",
                        each.text))
            .toList();
    return Json.object(
        "ok",
        worst.isGood(),
        "level",
        worst.name().toLowerCase(Locale.ROOT),
        "engine",
        shownUri(),
        "checks",
        all,
        "guarantees",
        guarantees);
  }

  private void print(Mark worst, List<String> guarantees) {
    Console console = console();
    int width = checks.stream().mapToInt(each -> each.subject.length()).max().orElse(0);
    for (Check check : checks) {
      String mark = String.format("%-7s", check.mark.text);
      String subject = check.subject + " ".repeat(width - check.subject.length() + 2);
      console.print(coloured(check.mark, mark) + subject + check.text);
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
    console.print(
        switch (worst) {
          case OK -> "All is well.";
          case UNKNOWN -> "All is well, as far as the server tells.";
          case WARNING -> "Locks work. See WARN above for what could be better.";
          case BAD -> "Something is wrong: see BAD above.";
          case UNSAFE -> "Locks may be lost or given twice: see UNSAFE above.";
        });
  }

  private String coloured(Mark mark, String text) {
    return switch (mark) {
      case OK -> console().good(text);
      case UNKNOWN, WARNING -> console().bold(text);
      case BAD, UNSAFE -> console().bad(text);
    };
  }
}
