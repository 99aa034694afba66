package io.holdfast.cli;

import io.holdfast.DeadlockException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.HoldfastBuilder;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;

/**
 * A node of the chain demo. It takes its own lock, and when told to, asks for the next one's. What
 * happens to it, it answers line by line: a word, its name, and the rest.
 */
final class ChainMember {

  static final String HOLDS = "holds";
  static final String GAVE_WAY = "gave-way";
  static final String FINISHED = "finished";
  static final String FAILED = "failed";

  private final String name;
  private final String prefix;
  private final String next;
  private final Consumer<String> answer;
  private final CountDownLatch told = new CountDownLatch(1);

  /**
   * One node.
   *
   * @param name also that of its lock
   * @param next the node whose lock it asks for
   * @param prefix what the names of all locks begin with
   * @param answer what to say; called by the node's thread
   */
  ChainMember(String name, String next, String prefix, Consumer<String> answer) {
    this.name = name;
    this.next = next;
    this.prefix = prefix;
    this.answer = answer;
  }

  /** Connects and takes its own lock, in a thread of its own. */
  void start(HoldfastBuilder builder) {
    Thread thread = new Thread(() -> play(builder), "thread-" + name);
    thread.setDaemon(true);
    thread.start();
  }

  /** Now asks for the next one's lock. */
  void ask() {
    told.countDown();
  }

  private void play(HoldfastBuilder builder) {
    try (Holdfast node = builder.node("node-" + name).connect()) {
      if (getsTheNext(node)) {
        say(FINISHED + " " + name);
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException failure) {
      say(FAILED + " " + name + " " + failure.getMessage());
    }
  }

  /** Whether it did not have to give way. Both locks are free afterwards. */
  private boolean getsTheNext(Holdfast node) throws InterruptedException {
    try (Hold own = node.lock(prefix + name).acquire()) {
      say(HOLDS + " " + name + " " + own.token());
      told.await();
      try (Hold more = node.lock(prefix + next).acquire()) {
        // Whoever has lost its own lock meanwhile has broken the chain instead of finishing it.
        own.ensureHeld();
        more.ensureHeld();
        return true;
      } catch (DeadlockException deadlock) {
        Object cycle = ChainJson.links(deadlock.cycle(), Clock.now());
        say(GAVE_WAY + " " + name + " " + Json.line(Json.object("cycle", cycle)));
        return false;
      }
    }
  }

  private void say(String line) {
    answer.accept(line.replaceAll("\\R", " "));
  }
}
