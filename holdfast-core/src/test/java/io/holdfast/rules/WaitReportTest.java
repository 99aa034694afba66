package io.holdfast.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.WaitReport.Link;
import io.holdfast.rules.WaitReport.Step;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WaitReportTest {

  private static WaitReport report(long number, long after, long doubt) {
    return new WaitReport(number, after, doubt, List.of());
  }

  @Test
  void isReadAsItWasWritten() {
    Step step = new Step("owner", "held", Mode.SHARED, "wanted", Mode.EXCLUSIVE, -5, 7);
    Link link = new Link("held", 3, "wanted", 4, List.of(step));
    WaitReport report = new WaitReport(9, 8, 6, List.of(link));
    assertThat(WaitReport.decode(report.encode())).isEqualTo(report);
    assertThat(WaitReport.decode(WaitReport.NONE.encode())).isEqualTo(WaitReport.NONE);
  }

  /** Else a ring of many owners in one node would be too long for stores. */
  @Test
  void stepsThatLinksShareAreWrittenOnce() {
    List<Step> steps = new ArrayList<>();
    List<Link> links = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      String owner = "owner " + "x".repeat(60) + i;
      steps.add(new Step(owner, "lock " + i, Mode.EXCLUSIVE, "lock", Mode.SHARED, 1, i + 1));
      links.add(new Link("lock " + i, i + 1, "lock", 4, steps));
    }
    WaitReport report = new WaitReport(1, 0, 0, links);
    assertThat(report.encode()).hasSizeLessThan(20_000);
    assertThat(WaitReport.decode(report.encode())).isEqualTo(report);
  }

  @Test
  void whatNamesALaterReportWasComposedLater() {
    assertThat(report(4, 3, 0).isComposedAfter(report(2, 1, 0))).isTrue();
    assertThat(report(3, 2, 0).isComposedAfter(report(2, 1, 0))).isFalse();
    assertThat(report(2, 1, 0).isComposedAfter(report(2, 1, 0))).isFalse();
  }

  @Test
  void whatFollowsSilenceWasComposedLaterOnceSomethingWasTaken() {
    assertThat(report(1, 0, 0).isComposedAfter(WaitReport.NONE)).isFalse();
    assertThat(report(2, 1, 0).isComposedAfter(WaitReport.NONE)).isTrue();
    assertThat(report(3, 2, 1).isComposedAfter(WaitReport.NONE)).isTrue();
  }

  /** Report 2 was never answered. It may have arrived long after reports 3 and 4. */
  @Test
  void whatMayHaveArrivedLateProvesNothing() {
    assertThat(report(5, 4, 2).isComposedAfter(report(2, 1, 0))).isFalse();
    assertThat(report(5, 4, 2).isComposedAfter(report(1, 0, 0))).isFalse();
    assertThat(report(5, 4, 2).isComposedAfter(report(3, 1, 2))).isTrue();
  }
}
