package io.holdfast.cli;

import io.holdfast.Hold;
import io.holdfast.LockReport;
import io.holdfast.Loss;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** What {@code run} says on its error output; the output belongs to the command it runs. */
final class RunVoice {

  /** How much to say. */
  enum Loudness {
    /** Only what went wrong with the lock. */
    QUIET,
    /** Waiting too, if somebody looks at it. */
    NORMAL,
    /** Waiting too, in any case. */
    VERBOSE
  }

  static final long PID = ProcessHandle.current().pid();

  private final Console console;
  private final Loudness loudness;
  private final boolean json;
  private int columns;
  private boolean lineShown;

  RunVoice(Console console, Loudness loudness, boolean json) {
    this.console = console;
    this.loudness = loudness;
    this.json = json;
  }

  synchronized void waiting(Waiting waiting, boolean news) {
    Instant now = Clock.now();
    if (json) {
      if (news) {
        waitingEvent(waiting, now);
      }
    } else if (showsLine()) {
      line(waiting.line(now));
    } else if (loudness == Loudness.VERBOSE && news) {
      console.tell("holdfast: " + waiting.line(now));
    }
  }

  private void waitingEvent(Waiting waiting, Instant now) {
    List<Map<String, Object>> holders =
        waiting.report().holders().stream().map(holder -> Json.holder(holder, now)).toList();
    event(
        Json.object(
            "event",
            "waiting",
            "name",
            waiting.report().name(),
            "before",
            waiting.before(),
            "holders",
            holders));
  }

  synchronized void waitingForEngine(String name, String why) {
    if (json) {
      event(Json.object("event", "engine-unavailable", "name", name, "message", why));
    } else if (showsLine()) {
      line("waiting for " + name + ": " + why);
    } else if (loudness == Loudness.VERBOSE) {
      console.tell("holdfast: waiting for " + name + ": " + why);
    }
  }

  private boolean showsLine() {
    return console.isTerminal() && loudness != Loudness.QUIET;
  }

  private void line(String text) {
    if (columns == 0) {
      columns = Console.columns();
    }
    lineShown = true;
    console.overwrite(text, columns);
  }

  synchronized void waitingOver() {
    if (lineShown) {
      lineShown = false;
      console.clearLine();
    }
  }

  synchronized void acquired(Hold hold) {
    if (json) {
      event(Json.object("event", "acquired", "name", hold.name(), "token", hold.token()));
    } else if (loudness == Loudness.VERBOSE) {
      console.tell("holdfast: acquired " + hold.name() + " with token " + hold.token());
    }
  }

  synchronized void refused(String name, List<LockReport> found) {
    Instant now = Clock.now();
    if (json) {
      List<Map<String, Object>> locks =
          found.stream().map(report -> Json.lock(report, now)).toList();
      event(Json.object("event", "not-granted", "name", name, "locks", locks));
    } else if (loudness != Loudness.QUIET) {
      String who =
          found.stream()
              .flatMap(report -> report.holders().stream())
              .findFirst()
              .map(holder -> ", held by " + Waiting.describe(holder, now))
              .orElse("");
      console.tell("holdfast: " + name + " was not free in time" + who + "; wait longer, or later");
    }
  }

  synchronized void lost(Loss loss) {
    if (json) {
      event(
          Json.object(
              "event",
              "lost",
              "name",
              loss.name(),
              "token",
              loss.token(),
              "cause",
              loss.cause().name(),
              "message",
              loss.message()));
    } else {
      console.tell("holdfast: " + loss.message());
    }
  }

  synchronized void tell(String message) {
    if (json) {
      event(Json.object("event", "notice", "message", message));
    } else {
      console.tell("holdfast: " + message);
    }
  }

  synchronized void ended(int code) {
    if (json) {
      event(Json.object("event", "ended", "code", code));
    }
  }

  private void event(Map<String, Object> event) {
    console.tell(Json.line(event));
  }
}
