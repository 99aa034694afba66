package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** S12: processes whose wall clock jumps while they hold and wait. */
interface ClockScenarios {

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S12_jumpsOfTheWallClockNeitherShortenNorProlongALease(ProcessLab lab) {
    Path library = FakeTime.library();
    Duration ttl = lab.livingTtl();
    Worker fair = lab.worker();
    List<FakeTime> jumpers = new ArrayList<>();
    for (String jump : List.of("+1h", "-1y", "-1h", "+1y").subList(0, lab.size(2, 4))) {
      jumpers.add(new FakeTime(lab, library, jump));
    }
    for (FakeTime jumper : jumpers) {
      lab.await(jumper.worker.ask("open", "n", ttl.toMillis()));
      lab.await(fair.ask("open", jumper.jump, ttl.toMillis()));
      jumper.token = Long.parseLong(lab.await(jumper.worker.ask("acquire", "n", jumper.jump)));
      jumper.waiter = fair.ask("acquire", jumper.jump, jumper.jump);
      lab.eventually("a waiter", () -> lab.waiting(jumper.jump) == 1);
    }

    jumpers.forEach(FakeTime::jump);
    lab.pass(ttl.plusSeconds(1));

    for (FakeTime jumper : jumpers) {
      assertThat(jumper.waiter).as("early grant after a jump of %s", jumper.jump).isNotDone();
      lab.eventually(
          "hold proven after a jump of " + jumper.jump,
          () -> lab.await(jumper.worker.ask("held", "n", jumper.jump)).equals("true"));
    }
    long stopped = lab.nanoTime();
    jumpers.forEach(jumper -> jumper.worker.signal("STOP"));
    for (FakeTime jumper : jumpers) {
      long token = Long.parseLong(lab.await(jumper.waiter));
      Duration lease = Duration.ofNanos(lab.nanoTime() - stopped);
      lab.say("S12: jump of %s, lease ended %d ms after the stop", jumper.jump, lease.toMillis());
      assertThat(lease)
          .as("end of the lease after a jump of %s", jumper.jump)
          .isLessThan(ttl.plusSeconds(1).plus(lab.kit().jitter()));
      assertThat(token).as("token after a jump of %s", jumper.jump).isGreaterThan(jumper.token);
      jumper.token = token;
    }
    jumpers.forEach(jumper -> waitAfterJumpBack(lab, fair, jumper));
  }

  /** A process that waits is not granted early either, and is granted in time. */
  private static void waitAfterJumpBack(ProcessLab lab, Worker fair, FakeTime jumper) {
    jumper.worker.signal("CONT");
    CompletableFuture<String> waiter = jumper.worker.ask("acquire", "n", jumper.jump);
    lab.eventually(
        "a waiter",
        () -> {
          assertThat(waiter).as("grant or refusal to a process that was stopped").isNotDone();
          return lab.waiting(jumper.jump) == 1;
        });
    jumper.jumpBack();
    assertThat(lab.await(fair.ask("held", jumper.jump, jumper.jump))).isEqualTo("true");
    assertThat(waiter).isNotDone();

    long begun = lab.nanoTime();
    lab.await(fair.ask("release", jumper.jump, jumper.jump));
    long token = Long.parseLong(lab.await(waiter));

    assertThat(token).isGreaterThan(jumper.token);
    assertThat(Duration.ofNanos(lab.nanoTime() - begun))
        .as("hand-off to a process whose clock has jumped back from %s", jumper.jump)
        .isLessThan(Duration.ofSeconds(1).plus(lab.kit().jitter()));
  }

  /** A process that is told a wrong time of day; its monotonic clock is the true one. */
  final class FakeTime {

    private static final List<Path> PLACES =
        List.of(Path.of("/usr/lib"), Path.of("/usr/lib64"), Path.of("/usr/local/lib"));
    private static final String LIBRARY = "faketime/libfaketimeMT.so.1";
    private static final String TRUE_TIME = "+0";

    private final ProcessLab lab;
    private final String jump;
    private final Path time;
    private final Worker worker;
    private long token;
    private CompletableFuture<String> waiter = new CompletableFuture<>();

    FakeTime(ProcessLab lab, Path library, String jump) {
      this.lab = lab;
      this.jump = jump;
      this.time = lab.file("time" + jump);
      set(TRUE_TIME);
      worker =
          lab.worker(
              Map.of(
                  "LD_PRELOAD",
                  library.toString(),
                  "FAKETIME_TIMESTAMP_FILE",
                  time.toString(),
                  "FAKETIME_NO_CACHE",
                  "1",
                  "FAKETIME_DONT_FAKE_MONOTONIC",
                  "1",
                  // Otherwise all timed waits of the JVM end at once.
                  "FAKETIME_FORCE_MONOTONIC_FIX",
                  "0"));
    }

    /** The library; without it the test is skipped, with a way to get it. */
    static Path library() {
      List<Path> found = new ArrayList<>();
      for (Path place : PLACES) {
        found.add(place.resolve(LIBRARY));
        try (Stream<Path> below = Files.list(place)) {
          below.map(each -> each.resolve(LIBRARY)).forEach(found::add);
        } catch (IOException absent) {
          // Not every system has all of them.
        }
      }
      found.removeIf(library -> !Files.isRegularFile(library));
      assumeTrue(
          !found.isEmpty(),
          "S12 needs libfaketime to change the time of one process; install it, for example with:"
              + " apt-get install -y faketime");
      return found.get(0);
    }

    private void set(String offset) {
      try {
        Path fresh = lab.file("time" + jump + ".new");
        Files.writeString(fresh, offset + "\n");
        Files.move(fresh, time, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }

    private void jump() {
      move(jump);
    }

    private void jumpBack() {
      move(TRUE_TIME);
    }

    /** Moves the wall clock, and makes sure that it has moved and the other one has not. */
    private void move(String offset) {
      long[] before = clocks();
      set(offset);
      long[] after = clocks();
      assertThat(Duration.ofMillis(after[0] - before[0]).abs())
          .as("jump of the wall clock of %s by %s", worker, offset)
          .isGreaterThan(Duration.ofMinutes(59));
      assertThat(Duration.ofNanos(after[1] - before[1]))
          .as("progress of the monotonic clock of %s meanwhile", worker)
          .isBetween(Clocks.WAIT, Pace.stretch(Duration.ofSeconds(2)));
    }

    private long[] clocks() {
      String[] readings = lab.await(worker.run(Clocks.class)).split(" ", -1);
      return new long[] {Long.parseLong(readings[0]), Long.parseLong(readings[1])};
    }
  }

  /** Waits for {@link #WAIT}. Answer: what the clocks of the process read then. */
  final class Clocks implements WorkerTask {

    private static final Duration WAIT = Duration.ofMillis(100);

    @Override
    public String perform(WorkerMain worker, List<String> arguments) {
      LockSupport.parkNanos(WAIT.toNanos());
      return worker.environment().ticker().epochMillis()
          + " "
          + worker.environment().ticker().nanoTime();
    }
  }
}
