package io.holdfast.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.sim.PatchedCode.Change;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The simulation finds each planted bug within a stated number of seeds. */
@Tag("planted")
@Execution(ExecutionMode.CONCURRENT)
class PlantedBugsTest {

  /**
   * A bug.
   *
   * @param name what is wrong
   * @param file where, below the sources of core
   * @param from the right code
   * @param to the wrong code
   * @param seeds within how many seeds it must be found
   * @param theme of the worlds
   */
  private record Bug(String name, String file, String from, String to, int seeds, Theme theme) {

    Bug(String name, String file, String from, String to, int seeds) {
      this(name, file, from, to, seeds, Theme.USUAL);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static final String NODE = "io/holdfast/node/";
  private static final String ENGINE = "io/holdfast/engine/";
  private static final String RULES = "io/holdfast/rules/";

  static Stream<Bug> bugs() {
    return Stream.of(
        new Bug(
            "hand-off without the deadline check",
            NODE + "LocalLock.java",
            "if (isHeld(waiter.owner, waiter.mode, waiter.token())) {",
            "if (waiter != null) {",
            300),
        new Bug(
            "cancel that leaves a granted request",
            RULES + "LockRules.java",
            "change.endGrant(cancel.request());",
            "",
            40),
        new Bug(
            "an unwanted grant that is ignored",
            NODE + "NodeContext.java",
            "if (needed && session != null",
            "if (!needed && session != null",
            300),
        new Bug(
            "expiry before the client's deadline",
            ENGINE + "EmbeddedSpace.java",
            "> session.terms().ttl().toNanos())",
            "> session.terms().ttl().toNanos() * 9 / 10)",
            300),
        new Bug(
            "lost revoke that is never derived again",
            ENGINE + "WaitPoll.java",
            "if (now - nudged < nudgeGap) {",
            "if (nudgeGap > 0) {",
            300),
        new Bug(
            "release by a stale grant id",
            RULES + "Change.java",
            "changed |= grants.removeIf(grant -> grant.request().equals(request));",
            "changed |= grants.removeIf(grant -> grant.request().number() == request.number());",
            20),
        new Bug(
            "renewal counted from the reply instead of the send",
            NODE + "SessionKeeper.java",
            "long until = sentAt + leaseNanos;",
            "long until = environment.ticker().nanoTime() + leaseNanos;",
            300),
        new Bug(
            "token range reused after reconnect",
            NODE + "OwnedWord.java",
            "void open(long id, boolean revoked) {",
            "void open(long fresh, boolean revoked) { long id = grantId != 0 ? grantId : fresh;",
            40),
        new Bug(
            "reader let past a waiting writer for ever",
            RULES + "LockRules.java",
            "if (before.queue().isEmpty()",
            "if ((before.queue().isEmpty() || want.mode().isShared())",
            20),
        new Bug(
            "every searcher lets its own wait give way",
            NODE + "Deadlock.java",
            "new Deadlock(turned(cycle, WaitGraph.chosen(cycle)), cycle)",
            "new Deadlock(cycle, cycle)",
            20,
            Theme.RINGS),
        new Bug(
            "a reader that gives way instead of being let past",
            NODE + "WaitGraph.java",
            ".filter(Edge::isTurn)",
            ".filter(edge -> false)",
            20,
            Theme.RINGS));
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void isFound(Bug bug) throws IOException {
    try (PatchedCode code = PatchedCode.of(new Change(bug.file(), bug.from(), bug.to()))) {
      String violation = "";
      int seed = 0;
      while (violation.isEmpty() && seed < bug.seeds()) {
        violation = code.violation(bug.theme(), ++seed);
      }
      System.out.printf("%s: found by seed %d: %s%n", bug, seed, violation);
      assertThat(violation).as("within %d seeds: %s", bug.seeds(), bug).isNotEmpty();
    }
  }
}
