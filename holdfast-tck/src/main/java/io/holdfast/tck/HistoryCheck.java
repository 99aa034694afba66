package io.holdfast.tck;

import io.holdfast.rules.Mode;
import io.holdfast.tck.History.Attempt;
import io.holdfast.tck.History.Rule;
import io.holdfast.tck.History.Violation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds what is wrong with a history: attempt by attempt, then lock by lock in logical order. */
final class HistoryCheck {

  private final List<Attempt> attempts;
  private final List<Violation> found = new ArrayList<>();

  HistoryCheck(List<Attempt> attempts) {
    this.attempts = attempts;
  }

  List<Violation> violations() {
    attempts.forEach(this::checkAttempt);
    Map<String, List<Attempt>> sections =
        attempts.stream()
            .filter(Attempt::entered)
            .sorted(Comparator.comparingLong(Attempt::grantedAt))
            .collect(Collectors.groupingBy(Attempt::name, TreeMap::new, Collectors.toList()));
    for (List<Attempt> ofOneLock : sections.values()) {
      checkExclusion(ofOneLock);
      checkTokens(ofOneLock);
    }
    return List.copyOf(found);
  }

  private void report(Rule rule, Attempt attempt, String text) {
    found.add(new Violation(rule, attempt.name(), text));
  }

  private void checkAttempt(Attempt attempt) {
    if (attempt.grants() > 1) {
      report(Rule.SINGLE_GRANT, attempt, attempt + " was granted " + attempt.grants() + " times");
    }
    if (attempt.grantedAfterEnd()) {
      report(Rule.NO_GRANT_AFTER_END, attempt, attempt + " was granted after its end");
    }
    if (!attempt.ended()) {
      report(Rule.EVERY_ATTEMPT_ENDS, attempt, attempt + " has no end");
    }
  }

  private void checkExclusion(List<Attempt> byGrant) {
    List<Attempt> inside = new ArrayList<>();
    for (Attempt entering : byGrant) {
      inside.removeIf(other -> other.leftAt() < entering.grantedAt());
      for (Attempt other : inside) {
        if (conflict(other.mode(), entering.mode())) {
          report(Rule.EXCLUSION, entering, entering + " entered beside " + other);
        }
      }
      inside.add(entering);
      checkPermits(entering, inside);
    }
  }

  private void checkPermits(Attempt entering, List<Attempt> inside) {
    if (entering.mode().type() != Mode.Type.PERMITS) {
      return;
    }
    long used = inside.stream().mapToLong(attempt -> attempt.mode().permits()).sum();
    if (used > entering.kind().permits()) {
      report(
          Rule.EXCLUSION,
          entering,
          used + " of " + entering.kind().permits() + " permits are held by " + inside);
    }
  }

  private static boolean conflict(Mode one, Mode other) {
    return one.type() != other.type() || one.type() == Mode.Type.EXCLUSIVE;
  }

  private void checkTokens(List<Attempt> byGrant) {
    @Nullable Attempt highest = null;
    @Nullable Attempt highestWriter = null;
    for (Attempt attempt : byGrant) {
      boolean writer = attempt.mode().type() == Mode.Type.EXCLUSIVE;
      @Nullable Attempt bound = writer ? highest : highestWriter;
      if (bound != null && attempt.token() <= bound.token()) {
        report(Rule.TOKEN_ORDER, attempt, attempt + " came after " + bound);
      }
      highest = higher(highest, attempt);
      highestWriter = writer ? higher(highestWriter, attempt) : highestWriter;
    }
  }

  private static Attempt higher(@Nullable Attempt one, Attempt other) {
    return one != null && one.token() >= other.token() ? one : other;
  }
}
