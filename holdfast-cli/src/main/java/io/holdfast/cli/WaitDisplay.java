package io.holdfast.cli;

import io.holdfast.EngineUnavailableException;
import io.holdfast.Inspector;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Shows, while a lock is waited for, who has it. On a terminal one line that is kept up to date;
 * otherwise, if it was asked for, a line whenever there is news.
 */
final class WaitDisplay implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMillis(200);
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final Inspector inspector;
  private final String name;
  private final RunVoice voice;
  private final Consumer<String> selfWait;
  private final Thread thread;
  private @Nullable String lastNews;
  private boolean selfWaitTold;

  private WaitDisplay(Inspector inspector, String name, RunVoice voice, Consumer<String> selfWait) {
    this.inspector = inspector;
    this.name = name;
    this.voice = voice;
    this.selfWait = selfWait;
    thread = new Thread(this::show, "holdfast-wait-display");
    thread.setDaemon(true);
  }

  /**
   * Starts one; it shows nothing if the lock is granted soon.
   *
   * @param selfWait told once, with a message, if the holder waits for this very process
   */
  static WaitDisplay start(
      Inspector inspector, String name, RunVoice voice, Consumer<String> selfWait) {
    WaitDisplay display = new WaitDisplay(inspector, name, voice, selfWait);
    display.thread.start();
    return display;
  }

  private void show() {
    Clock.pause(PATIENCE);
    while (!Thread.currentThread().isInterrupted()) {
      try {
        inspector.explain(name).ifPresent(report -> show(new Waiting(report, RunVoice.PID)));
      } catch (EngineUnavailableException unreachable) {
        if (!Thread.currentThread().isInterrupted()) {
          voice.waitingForEngine(name, String.valueOf(unreachable.getMessage()));
        }
      }
      Clock.pause(INTERVAL);
    }
  }

  private void show(Waiting waiting) {
    if (!selfWaitTold) {
      waiting
          .ancestorThatHolds()
          .ifPresent(
              holder -> {
                selfWaitTold = true;
                selfWait.accept(
                    name
                        + " is held by pid "
                        + holder.party().pid()
                        + ", which waits for this command to end: it would wait for ever; take the"
                        + " lock once, outside");
              });
    }
    if (Thread.currentThread().isInterrupted()) {
      return;
    }
    String news = waiting.news();
    voice.waiting(waiting, !news.equals(lastNews));
    lastNews = news;
  }

  /** Stops, and leaves no line behind. */
  @Override
  public void close() {
    thread.interrupt();
    boolean interrupted = Thread.interrupted();
    try {
      thread.join(100);
    } catch (InterruptedException again) {
      interrupted = true;
    }
    voice.waitingOver();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
