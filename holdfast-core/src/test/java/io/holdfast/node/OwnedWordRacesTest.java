package io.holdfast.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * A thread that is late, because it was paused between two instructions, while its hold is lost and
 * the word goes to a successor. Lincheck tries every place to pause.
 */
@Isolated("Lincheck instruments what all tests use")
class OwnedWordRacesTest {

  private static final int SCHEDULES = Models.size(1_000, 300);
  private static final String SUCCESSOR = "successor";

  @Test
  void aThreadThatEntersLateDoesNotSignForItsSuccessor() {
    Lincheck.runConcurrentTest(
        SCHEDULES,
        () -> {
          OwnedWord word = open();
          Thread late = new Thread(() -> word.enterFast(Thread.currentThread()));
          late.start();
          word.lose();
          if (word.take(SUCCESSOR, false, 0) != LocalLock.NOT_GRANTED) {
            mustStayInside(word, late);
          }
        });
  }

  @Test
  void aThreadThatLeavesLateDoesNotSignOffItsSuccessor() {
    Lincheck.runConcurrentTest(
        SCHEDULES,
        () -> {
          OwnedWord word = open();
          Thread late =
              new Thread(
                  () -> {
                    long token = word.enterFast(Thread.currentThread());
                    word.leaveFast(token);
                  });
          late.start();
          word.lose();
          if (word.take(SUCCESSOR, false, 0) != LocalLock.NOT_GRANTED) {
            mustStayInside(word, late);
          }
        });
  }

  @Test
  void aLossKnowsWhoLost() {
    Lincheck.runConcurrentTest(
        SCHEDULES,
        () -> {
          OwnedWord word = open();
          Thread enters = new Thread(() -> word.enterFast(Thread.currentThread()));
          enters.start();
          OwnedWord.Lost lost = word.lose();
          join(enters);
          assertTrue(lost == null || lost.owner() == enters);
        });
  }

  private static OwnedWord open() {
    OwnedWord word = new OwnedWord();
    word.open(1, false);
    return word;
  }

  private static void mustStayInside(OwnedWord word, Thread late) {
    join(late);
    assertEquals(1, word.count(SUCCESSOR));
    assertEquals(0, word.count(late));
    assertEquals(word.lastToken(), word.reenter(SUCCESSOR));
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException impossible) {
      throw new AssertionError(impossible);
    }
  }
}
