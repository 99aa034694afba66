package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.tck.Pace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code holdfast run} killed, stopped and signalled. */
@DisabledOnOs(OS.WINDOWS)
class RunSignalsTest {

  private static final Duration TTL = Duration.ofSeconds(2);

  /** A command with a child and a grandchild, which says their pids. */
  private static final String FAMILY =
      "sh -c 'sleep 600 & echo \"grandchild $!\"; wait' & echo \"child $!\"; echo \"parent $$\"; wait";

  @TempDir Path directory;
  private String engine = "";
  private final List<Shell> started = new ArrayList<>();

  @BeforeEach
  void chooseEngine() {
    engine = directory.resolve("locks.db").toUri().toString();
  }

  @AfterEach
  void endAll() {
    started.forEach(Shell::close);
  }

  private Shell run(String... arguments) {
    List<String> line = new ArrayList<>(List.of("run", "--engine", engine));
    line.addAll(Arrays.asList(arguments));
    Shell shell = Shell.holdfast(line.toArray(String[]::new));
    started.add(shell);
    return shell;
  }

  private Shell holder(String script) {
    Shell holder = run("--ttl=" + TTL, "a", "--", "sh", "-c", "echo holding; " + script);
    holder.hear("holding");
    return holder;
  }

  /** Another process that waits in the queue. */
  private Shell waiter() {
    Shell waiter = run("--json", "a", "--", "sh", "-c", "echo granted; exec sleep 600");
    Shell.eventually("queued", () -> waiter.err().contains("\"waiting\""));
    return waiter;
  }

  private static Duration granted(Shell waiter, long since) {
    waiter.hear("granted");
    Duration time = Clock.since(since);
    System.out.println("granted after " + time);
    return time;
  }

  private static List<Long> family(Shell holder) {
    return List.of(
        Long.parseLong(holder.hear("parent")),
        Long.parseLong(holder.hear("child")),
        Long.parseLong(holder.hear("grandchild")));
  }

  @Test
  void S13_killedHolderIsReplacedFast() {
    Shell holder = holder("exec sleep 600");
    Shell waiter = waiter();

    long killed = Clock.nanos();
    holder.kill();

    assertThat(granted(waiter, killed)).isLessThan(Pace.stretch(Duration.ofMillis(500)));
  }

  @Test
  void S13_terminatedHolderIsReplacedFast() {
    Shell holder = holder("exec sleep 600");
    Shell waiter = waiter();

    long terminated = Clock.nanos();
    holder.signal("TERM");

    assertThat(granted(waiter, terminated)).isLessThan(Pace.stretch(Duration.ofMillis(300)));
    assertThat(holder.code()).isEqualTo(128 + 15);
  }

  @Test
  void S13_stoppedHolderIsReplacedAfterItsLease() {
    Shell holder = holder(FAMILY);
    List<Long> family = family(holder);
    Shell waiter = waiter();

    long stopped = Clock.nanos();
    holder.signal("STOP");

    assertThat(granted(waiter, stopped))
        .isBetween(TTL.multipliedBy(2).dividedBy(3), TTL.plus(Pace.stretch(Duration.ofSeconds(1))));
    // Nobody could end the command meanwhile; that is what the token is for.
    assertThat(family).allMatch(Shell::runs);

    holder.signal("CONT");
    assertThat(holder.code()).isEqualTo(ExitCodes.LOST);
    assertThat(holder.err()).contains("lost lock a (token ");
    Shell.eventually("the family ends", () -> family.stream().noneMatch(Shell::runs));
    assertThat(waiter.isAlive()).isTrue();
  }

  @Test
  void killingRunKillsTheCommandAndItsDescendants() {
    Shell holder = holder(FAMILY);
    List<Long> family = family(holder);
    assertThat(family).allMatch(Shell::runs);

    holder.kill();

    Duration time = Shell.eventually("all end", () -> family.stream().noneMatch(Shell::runs));
    System.out.println("family gone after " + time);
    assertThat(time).isLessThan(Pace.stretch(Duration.ofMillis(500)));
  }

  @Test
  void theGuardianEndsWithTheCommand() {
    Shell holder = holder("sleep 1; exit 4");
    List<Long> children =
        ProcessHandle.of(holder.pid()).orElseThrow().children().map(ProcessHandle::pid).toList();
    assertThat(children).hasSize(2);

    assertThat(holder.code()).isEqualTo(4);
    Shell.eventually("the guardian ends", () -> children.stream().noneMatch(Shell::runs));
  }

  @Test
  void S25_releaseByForceKillsTheCommand() {
    Shell holder = holder(FAMILY);
    List<Long> family = family(holder);

    Shell release = Shell.holdfast("release", "--force", "--engine", engine, "a");
    started.add(release);

    assertThat(release.code()).isZero();
    assertThat(holder.code()).isEqualTo(ExitCodes.LOST);
    assertThat(holder.err()).contains("an operator released it by force");
    Shell.eventually("the family ends", () -> family.stream().noneMatch(Shell::runs));
  }

  @ParameterizedTest
  @CsvSource({"TERM", "INT", "HUP", "USR1"})
  void signalsArePassedOnAndTheCommandDecides(String signal) {
    String script =
        "trap 'echo got; exit 5' " + signal + "; echo ready; while :; do sleep 0.05; done";
    Shell holder = holder(script);
    holder.hear("ready");

    holder.signal(signal);

    holder.hear("got");
    assertThat(holder.code()).isEqualTo(5);
  }

  @Test
  void theLockIsHeldUntilTheCommandHasEnded() {
    Shell holder =
        holder(
            "trap 'sleep 1; echo tidied; exit 0' TERM; echo ready; while :; do sleep 0.05; done");
    holder.hear("ready");
    Shell waiter = waiter();

    holder.signal("TERM");
    waiter.hear("granted");

    assertThat(holder.out()).contains("tidied");
    assertThat(holder.code()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "INT, 130", "HUP, 129"})
  void aSignalEndsTheWait(String signal, int code) {
    holder("exec sleep 600");
    Shell waiter = waiter();

    waiter.signal(signal);

    assertThat(waiter.code()).isEqualTo(code);
    assertThat(waiter.out()).isEmpty();
  }
}
