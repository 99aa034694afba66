package io.holdfast.bench;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One line of the report.
 *
 * @param path what was done
 * @param unit of what was measured
 * @param measured what it took
 * @param beside what it is compared with; {@code null} for memory
 * @param budget what it may take
 * @param verdict whether it is within the budget
 */
record Row(
    String path,
    String unit,
    Spread measured,
    @Nullable Beside beside,
    String budget,
    Verdict verdict) {

  /** What the budget says. */
  enum Verdict {
    OK,
    MISSED,
    NOT_JUDGED
  }

  /**
   * A comparison.
   *
   * @param peer the name of the peer or the floor
   * @param measured what that took in the same rounds
   * @param ratio how many times that, made in each round
   * @param allocated how many bytes an operation of Holdfast allocates
   */
  record Beside(String peer, Spread measured, Spread ratio, Spread allocated) {}

  /** The row of a comparison that was run. */
  static Row of(Comparison comparison, Rounds rounds, boolean judgesTimes) {
    Budget budget = comparison.budget();
    Subject subject = comparison.subject();
    List<Subject> parts = comparison.peer().parts();
    String unit = rounds.unit(subject);
    Spread measured = rounds.score(List.of(subject));
    Spread ratio = rounds.ratio(subject, parts);
    Spread allocated = rounds.allocated(subject);
    boolean judgesTime = judgesTimes && budget.limitsTime();
    boolean held =
        budget.holds(allocated.median())
            && (!judgesTime || budget.holds(measured.median(), ratio.median()));
    return new Row(
        comparison.path(),
        unit,
        measured,
        new Beside(comparison.peer().name(), rounds.score(parts), ratio, allocated),
        budget.text(unit),
        verdict(judgesTime || budget.allocationFree(), held));
  }

  /** The row of a count of heap. */
  static Row of(HeapPerLock.What what, int count) {
    double bytes = HeapPerLock.measure(what, count);
    boolean limited = what.budget > 0;
    return new Row(
        String.format(Locale.ROOT, "memory, %,d locks %s", count, what.path),
        what.unit,
        Spread.of(List.of(bytes)),
        null,
        limited ? "≤ " + what.budget + what.unit : "–",
        verdict(limited, bytes <= what.budget));
  }

  private static Verdict verdict(boolean judged, boolean held) {
    if (!judged) {
      return Verdict.NOT_JUDGED;
    }
    return held ? Verdict.OK : Verdict.MISSED;
  }

  String measuredText() {
    return measured.text(unit);
  }

  String peerText() {
    return beside == null ? "–" : beside.peer + " " + beside.measured.text(unit);
  }

  String ratioText() {
    return beside == null ? "–" : beside.ratio.text("×");
  }

  String allocatedText() {
    return beside == null ? "–" : String.format(Locale.ROOT, "%.1f", beside.allocated.median());
  }

  String verdictText() {
    return switch (verdict) {
      case OK -> "ok";
      case MISSED -> "MISSED";
      case NOT_JUDGED -> "–";
    };
  }
}
