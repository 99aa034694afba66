package io.holdfast.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.sim.PatchedCode.Change;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A search for deadlocks that believes what is out of date ends a wait that is on no circle, and
 * {@code VanishedEdgeTest} of core tells. It takes a coincidence that seeds seldom find, so these
 * bugs are not looked for by chance.
 */
@Tag("planted")
@Execution(ExecutionMode.CONCURRENT)
class PlantedSearchBugsTest {

  private static final String TEST = "io.holdfast.node.VanishedEdgeTest";
  private static final String NODE = "io/holdfast/node/";

  private static final List<String> VANISHED =
      List.of("ofWhoTimedOut", "ofWhoCancelled", "ofWhoWasGivenWhatItWaitedFor");

  private static final String GAVE_WAY = "DeadlockException: deadlock of ";

  /**
   * A bug.
   *
   * @param name what is wrong
   * @param told the tests that must fail
   * @param how what their failures must say
   * @param changes the wrong code
   */
  private record Bug(String name, List<String> told, String how, Change... changes) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Bug> bugs() {
    return Stream.of(
        new Bug(
            "a circle is acted upon when it is seen for the first time",
            VANISHED,
            GAVE_WAY,
            new Change(
                NODE + "DeadlockSearch.java",
                "suspect(session, deadlock);",
                "act(new Suspicion(session, Map.of(), deadlock, 0), graph); end();")),
        new Bug(
            "the second look takes any report for an answer",
            VANISHED,
            GAVE_WAY,
            new Change(
                NODE + "Suspicion.java",
                ".allMatch(other -> of(later.reports(), other).isComposedAfter(of(said, other)));",
                ".allMatch(other -> true);")),
        new Bug(
            "a report with a larger number is taken for one that was composed later",
            List.of("whoseLastReportArrivesBetweenTheTwoLooks"),
            GAVE_WAY,
            new Change(
                "io/holdfast/rules/WaitReport.java",
                "return after > read.number && !doubts(read);",
                "return number > read.number && !doubts(read);")),
        new Bug(
            "of those who hold the permits only one is asked again",
            List.of("ofOneOfTwoWhoHoldThePermits"),
            GAVE_WAY,
            new Change(
                NODE + "Suspicion.java",
                "for (Edge edge : deadlock.proof()) {",
                "for (Edge edge : deadlock.cycle()) {")),
        new Bug(
            "what a node retains counts as held by its last owner",
            List.of("ofWhatIsRetainedOnly"),
            "[what b says of it]",
            new Change(
                NODE + "OwnedWord.java", "return isSigned(word) ? owner : null;", "return owner;"),
            new Change(
                NODE + "NodeLock.java",
                "if (word.isFree() && readers.isEmpty()) {\n      return List.of();",
                "if (word.isFree() && readers.isEmpty() && word.holder() == null) {\n"
                    + "      return List.of();")));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isTold(Bug bug) throws IOException {
    try (PatchedCode code = PatchedCode.of(bug.changes())) {
      for (String test : bug.told()) {
        String failure = code.failure(TEST, test);
        assertThat(failure).as("of %s.%s, where %s", TEST, test, bug).contains(bug.how());
      }
    }
  }
}
