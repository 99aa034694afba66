package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import io.holdfast.tck.History.Attempt;
import io.holdfast.tck.History.Rule;
import io.holdfast.tck.History.Violation;
import org.junit.jupiter.api.Test;

class HistoryTest {

  private final History history = new History();

  private Attempt mutex(String who) {
    return history.ask(who, "a", LockKind.MUTEX, Mode.EXCLUSIVE);
  }

  private Attempt writer(String who) {
    return history.ask(who, "rw", LockKind.READ_WRITE, Mode.EXCLUSIVE);
  }

  private Attempt reader(String who) {
    return history.ask(who, "rw", LockKind.READ_WRITE, Mode.SHARED);
  }

  private Attempt permits(String who, int count) {
    return history.ask(who, "sem", LockKind.semaphore(3), Mode.permits(count));
  }

  private void assertBroken(Rule rule) {
    assertThat(history.violations()).extracting(Violation::rule).containsOnly(rule);
  }

  @Test
  void emptyHistoryIsCorrect() {
    history.assertCorrect();
  }

  @Test
  void oneAfterTheOtherIsCorrect() {
    Attempt first = mutex("first");
    Attempt second = mutex("second");
    first.granted(1);
    first.released();
    second.granted(2);
    second.lost();
    mutex("third").cancelled();
    mutex("fourth").rejected();
    history.assertCorrect();
    assertThat(history.names()).containsExactly("a");
  }

  @Test
  void otherLocksDoNotMatter() {
    Attempt first = mutex("first");
    Attempt second = writer("second");
    first.granted(2);
    second.granted(1);
    second.released();
    first.released();
    history.assertCorrect();
  }

  @Test
  void overlapIsFound() {
    Attempt first = mutex("first");
    Attempt second = mutex("second");
    first.granted(1);
    second.granted(2);
    first.released();
    second.released();
    assertBroken(Rule.EXCLUSION);
  }

  @Test
  void overlapWithSomebodyWhoNeverLeavesIsFound() {
    mutex("first").granted(1);
    Attempt second = mutex("second");
    second.granted(2);
    second.released();
    assertThat(history.violations())
        .extracting(Violation::rule)
        .containsExactlyInAnyOrder(Rule.EXCLUSION, Rule.EVERY_ATTEMPT_ENDS);
  }

  @Test
  void entryBeforeTheOtherLearnedOfItsLossIsFound() {
    Attempt first = mutex("first");
    Attempt second = mutex("second");
    first.granted(1);
    second.granted(2);
    first.lost();
    second.released();
    assertBroken(Rule.EXCLUSION);
  }

  @Test
  void readersMayOverlap() {
    Attempt one = reader("one");
    Attempt two = reader("two");
    one.granted(1);
    two.granted(1);
    one.released();
    Attempt three = reader("three");
    three.granted(1);
    two.released();
    three.released();
    Attempt writer = writer("writer");
    writer.granted(2);
    writer.released();
    history.assertCorrect();
  }

  @Test
  void writerBesideAReaderIsFound() {
    Attempt reader = reader("reader");
    Attempt writer = writer("writer");
    writer.granted(1);
    reader.granted(2);
    writer.released();
    reader.released();
    assertBroken(Rule.EXCLUSION);
  }

  @Test
  void permitsMayOverlapAsFarAsTheyGo() {
    Attempt one = permits("one", 1);
    Attempt two = permits("two", 2);
    one.granted(2);
    two.granted(1);
    one.released();
    Attempt three = permits("three", 1);
    three.granted(1);
    three.released();
    two.released();
    history.assertCorrect();
  }

  @Test
  void tooManyPermitsAreFound() {
    Attempt one = permits("one", 2);
    Attempt two = permits("two", 2);
    one.granted(1);
    two.granted(2);
    one.released();
    two.released();
    assertBroken(Rule.EXCLUSION);
  }

  @Test
  void tokenThatGoesBackIsFound() {
    Attempt first = mutex("first");
    first.granted(2);
    first.released();
    Attempt second = mutex("second");
    second.granted(1);
    second.released();
    assertBroken(Rule.TOKEN_ORDER);
  }

  @Test
  void tokenThatIsUsedTwiceIsFound() {
    Attempt reader = reader("reader");
    reader.granted(1);
    reader.released();
    Attempt writer = writer("writer");
    writer.granted(1);
    writer.released();
    assertBroken(Rule.TOKEN_ORDER);
  }

  @Test
  void tokenThatGoesBackAfterAGapIsFound() {
    long[] tokens = {5, 1, 3};
    for (long token : tokens) {
      Attempt attempt = mutex("token " + token);
      attempt.granted(token);
      attempt.released();
    }
    assertThat(history.violations()).hasSize(2).allMatch(v -> v.rule() == Rule.TOKEN_ORDER);
  }

  @Test
  void secondGrantIsFound() {
    Attempt attempt = mutex("one");
    attempt.granted(1);
    attempt.granted(2);
    attempt.released();
    assertBroken(Rule.SINGLE_GRANT);
  }

  @Test
  void grantAfterCancelIsFound() {
    Attempt attempt = mutex("one");
    attempt.cancelled();
    attempt.granted(1);
    assertBroken(Rule.NO_GRANT_AFTER_END);
  }

  @Test
  void attemptWithoutEndIsFound() {
    mutex("one");
    assertBroken(Rule.EVERY_ATTEMPT_ENDS);
  }

  @Test
  void reportNamesLockAttemptsAndTimes() {
    Attempt first = mutex("first");
    Attempt second = mutex("second");
    first.granted(7);
    second.granted(8);
    first.released();
    second.released();
    assertThatThrownBy(history::assertCorrect)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("(violations: 1, attempts: 2, locks: 1)")
        .hasMessageContaining("EXCLUSION of lock \"a\"")
        .hasMessageContaining(
            "second (EXCLUSIVE, asked at 2, held from 4 with token 8, RELEASED at 6) entered"
                + " beside first (EXCLUSIVE, asked at 1, held from 3 with token 7, RELEASED at 5)");
  }
}
