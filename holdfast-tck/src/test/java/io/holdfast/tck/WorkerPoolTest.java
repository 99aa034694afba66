package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
@DisabledOnOs(OS.WINDOWS)
class WorkerPoolTest {

  private final List<Worker> taken = new ArrayList<>();

  @AfterEach
  void giveBack() {
    WorkerPool.giveBack(taken);
  }

  private Worker take(String space) {
    Worker worker = WorkerPool.take(Map.of(), "memory:pool", space);
    taken.add(worker);
    return worker;
  }

  private void giveBack(Worker worker) {
    WorkerPool.giveBack(List.of(worker));
    taken.remove(worker);
  }

  /** The first one that comes back ends, because it writes the archive of classes. */
  private void writeArchive() {
    Worker first = take("archive");
    assertThat(first.ask("open", "n", 60_000).join()).isEqualTo("open");
    giveBack(first);
  }

  private static boolean hasEnded(long pid) {
    return ProcessHandle.of(pid).map(ChildProcess::hasEnded).orElse(true);
  }

  @Test
  void aWorkerServesTheNextTestAndRemembersNothing() {
    writeArchive();
    Worker worker = take("one");
    worker.ask("open", "n", 60_000).join();
    worker.ask("acquire", "n", "a").join();
    giveBack(worker);
    Worker again = take("two");
    assertThat(again).isSameAs(worker);
    assertThatThrownBy(() -> again.ask("held", "n", "a").join())
        .hasMessageContaining("has not acquired a");
    again.ask("open", "n", 60_000).join();
    assertThat(again.ask("acquire", "n", "a").join()).isNotEmpty();
  }

  @Test
  void anOrderThatIsStillCarriedOutEndsWithItsTest() {
    writeArchive();
    Worker worker = take("one");
    worker.ask("open", "n", 60_000).join();
    worker.ask("open", "m", 60_000).join();
    worker.ask("acquire", "n", "a").join();
    var waiting = worker.ask("acquire", "m", "a");
    var sleeping = worker.run(Sleep.class);
    giveBack(worker);
    assertThat(waiting).isCompletedExceptionally();
    assertThat(sleeping).isDone();
    assertThat(take("two")).isSameAs(worker);
  }

  /** Does nothing until it is interrupted. */
  static final class Sleep implements WorkerTask {
    @Override
    public String perform(WorkerMain worker, List<String> arguments) {
      while (!Thread.currentThread().isInterrupted()) {
        LockSupport.parkNanos(Duration.ofMinutes(1).toNanos());
      }
      return "interrupted";
    }
  }

  @Test
  void aWorkerThatWasHarmedDoesNotComeBack() {
    writeArchive();
    List<Consumer<Worker>> harms =
        List.of(Worker::kill, worker -> worker.signal("STOP"), Worker::retire);
    for (Consumer<Worker> harm : harms) {
      Worker worker = take("harm");
      harm.accept(worker);
      giveBack(worker);
      assertThat(hasEnded(worker.pid())).isTrue();
    }
    Worker special = WorkerPool.take(Map.of("SPECIAL", "1"), "memory:pool", "special");
    assertThat(special.ask("open", "n", 60_000).join()).isEqualTo("open");
    giveBack(special);
    assertThat(hasEnded(special.pid())).isTrue();
  }

  /** Also those that are stopped, and also when that JVM has no time to do anything about it. */
  @Test
  void allWorkersEndWithTheJvmThatStartedThem(@TempDir Path directory) throws Exception {
    List<String> options = List.of("-Djava.io.tmpdir=" + directory);
    Process jvm =
        new ProcessBuilder(
                ChildProcess.java(options, ChildProcess.classPath(), Starter.class.getName()))
            .redirectErrorStream(true)
            .start();
    List<ProcessHandle> workers = new ArrayList<>();
    try (BufferedReader lines = jvm.inputReader()) {
      for (int i = 0; i < 2; i++) {
        workers.add(ProcessHandle.of(Long.parseLong(lines.readLine())).orElseThrow());
      }
      assertThat(workers).allMatch(ProcessHandle::isAlive);
      jvm.destroyForcibly();
      Pace.Deadline deadline = Pace.within(Duration.ofSeconds(60));
      assertThat(deadline.await(() -> workers.stream().allMatch(ChildProcess::hasEnded)))
          .as("end of workers within %s", deadline)
          .isTrue();
    }
  }

  /** Starts workers, stops one of them, and forgets them. */
  static final class Starter {
    public static void main(String[] arguments) throws IOException {
      for (int i = 0; i < 2; i++) {
        Worker worker = WorkerPool.take(Map.of(), "memory:pool", "forgotten");
        worker.ask("open", "n", 60_000).join();
        if (i == 1) {
          worker.signal("STOP");
        }
        System.out.println(worker.pid());
      }
      System.in.read();
    }
  }
}
