package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.LockOptions.Fairness;
import io.holdfast.engine.Environment;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Opening and closing a node, and what it refuses. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HoldfastTest {

  private final Nodes nodes = new Nodes();

  @AfterEach
  void close() {
    nodes.close();
  }

  private static void assertRefused(ThrowingCallable bad, String... says) {
    assertThatThrownBy(bad)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(says);
  }

  // ---------------------------------------------------------------- URIs

  @Test
  void connectsToMemory() throws InterruptedException {
    for (String uri : List.of("memory:holdfast-test", "MEMORY:holdfast-test", "memory:")) {
      try (Holdfast node = Holdfast.connect(uri);
          Hold hold = node.lock("x").acquire()) {
        assertThat(node.isActive()).isTrue();
        assertThat(hold.isHeld()).isTrue();
      }
    }
  }

  @Test
  void unknownSchemesAreRefusedWithTheKnownOnes() {
    assertRefused(
        () -> Holdfast.connect("mongodb://localhost/app"),
        "\"mongodb:\"",
        "memory:",
        "add the module");
    assertRefused(() -> Holdfast.connect("localhost"), "without a scheme", "memory:");
    assertRefused(() -> Holdfast.connect(""), "memory:");
  }

  @Test
  void malformedUrisAreRefused() {
    assertRefused(() -> Holdfast.connect("://"), "://");
    assertRefused(() -> Holdfast.connect("1:2"), "1:2");
  }

  @Test
  void memoryHasNoHostAndNoPath() {
    assertRefused(() -> Holdfast.connect("memory://host/path"), "memory:test");
  }

  @Test
  void aRefusedConnectLeavesNoThread() {
    assertRefused(() -> Holdfast.builder("nowhere:x").node("refused").connect(), "nowhere");
    Await.until(
        "its threads are gone",
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().equals("holdfast-refused")));
  }

  @Test
  void spacesAreSeparate() throws InterruptedException {
    Holdfast one = nodes.open(nodes.builder("a").space("one"));
    Holdfast two = nodes.open(nodes.builder("a").space("two"));
    Hold hold = one.lock("x").acquire();
    two.lock("x").tryAcquire().orElseThrow().close();
    hold.close();
  }

  // ---------------------------------------------------------------- settings

  @Test
  void impossibleTtlsAreRefused() {
    for (Duration ttl :
        List.of(
            Duration.ZERO,
            Duration.ofSeconds(-1),
            Duration.ofMillis(1_999),
            Duration.ofMinutes(10).plusNanos(1),
            Duration.ofSeconds(Long.MAX_VALUE))) {
      assertRefused(
          () -> nodes.builder("x").ttl(ttl), "from 2 s to 10 min", "not " + ttl, "choose");
    }
    nodes.open(nodes.builder("x").ttl(Duration.ofSeconds(2)));
    nodes.open(nodes.builder("x").ttl(Duration.ofMinutes(10)));
  }

  @Test
  void timesArePositive() {
    List<Function<Duration, HoldfastBuilder>> setters =
        List.of(
            value -> nodes.builder("x").retainFor(value),
            value -> nodes.builder("x").connectTimeout(value),
            value -> nodes.builder("x").operationTimeout(value));
    for (Function<Duration, HoldfastBuilder> setter : setters) {
      for (Duration bad : List.of(Duration.ZERO, Duration.ofNanos(-1))) {
        assertRefused(() -> setter.apply(bad), "more than zero", "not " + bad, "give a positive");
      }
    }
  }

  @Test
  void eternalTimesAreEternal() throws InterruptedException {
    Duration eternal = Duration.ofSeconds(Long.MAX_VALUE);
    Holdfast node =
        nodes.open(
            nodes
                .builder("eternal")
                .retainFor(eternal)
                .connectTimeout(eternal)
                .operationTimeout(eternal));
    node.lock("x").acquire().close();
    assertThat(node.inspector().explain("x")).isPresent();
  }

  @Test
  void maxRetainedIsNotNegative() {
    assertRefused(() -> nodes.builder("x").maxRetained(-1), "zero or more", "not -1", "turns");
  }

  @Test
  void namesOfNodesAndSpacesAreShortAndNotBlank() {
    for (String bad : List.of("", "  ", "x".repeat(129))) {
      assertRefused(() -> nodes.builder("x").node(bad), "name of a node", "1 to 128");
      assertRefused(() -> nodes.builder("x").space(bad), "a space", "1 to 128");
    }
    nodes.open(nodes.builder("x".repeat(128)).space("y".repeat(128)));
  }

  @Test
  void callbacksRunWhereTheyAreTold() throws InterruptedException {
    ConcurrentLinkedQueue<Runnable> work = new ConcurrentLinkedQueue<>();
    Holdfast node = nodes.open(nodes.builder("x").callbackExecutor(work::add));
    var future = node.lock("x").acquireAsync(Owner.of("x")).toCompletableFuture();
    Await.until("work arrives", () -> !work.isEmpty());
    assertThat(future).isNotDone();
    work.forEach(Runnable::run);
    assertThat(future).isDone();
  }

  @Test
  void aForeignEnvironmentIsNotClosed() {
    Environment mine = Environment.system("mine");
    nodes.open(nodes.builder("x").environment(mine)).close();
    AtomicInteger ran = new AtomicInteger();
    mine.scheduler().schedule(ran::incrementAndGet, Duration.ZERO);
    Await.until("it still runs", () -> ran.get() == 1);
    mine.scheduler().close();
  }

  // ---------------------------------------------------------------- names, kinds, options

  @Test
  void badNamesAreRefusedEverywhere() {
    Holdfast node = nodes.open("x");
    List<Function<String, Object>> makers =
        List.of(
            node::lock,
            node::readWriteLock,
            name -> node.semaphore(name, 1),
            name -> node.lockAll("good", name),
            node.inspector()::explain);
    for (Function<String, Object> maker : makers) {
      assertRefused(() -> maker.apply(""), "must not be empty", "orders/42");
      assertRefused(() -> maker.apply("x".repeat(513)), "512 bytes of UTF-8, not 513", "shorter");
      assertRefused(() -> maker.apply("ä".repeat(257)), "512 bytes of UTF-8, not 514");
      assertRefused(() -> maker.apply("lone \ud800"), "valid Unicode", "hex");
    }
  }

  @Test
  void unusualNamesAreFine() throws InterruptedException {
    Holdfast node = nodes.open("x");
    for (String name :
        List.of(
            " ", "%", "a b", "\u0000", "\ud83d\udd12", "../..", "x".repeat(512), "ä".repeat(256))) {
      try (Hold hold = node.lock(name).acquire()) {
        assertThat(hold.name()).isEqualTo(name);
        assertThat(node.inspector().explain(name)).isPresent();
      }
    }
  }

  @Test
  void aSecondKindOnOneNameIsRefused() {
    Holdfast node = nodes.open("x");
    DistributedLock kept = node.lock("name");
    for (ThrowingCallable second :
        List.<ThrowingCallable>of(
            () -> node.readWriteLock("name"), () -> node.semaphore("name", 1))) {
      assertThatThrownBy(second)
          .isInstanceOf(LockKindMismatchException.class)
          .hasMessageContainingAll("name is in use as MUTEX", "use another name");
    }
    assertThat(kept.name()).isEqualTo("name");
  }

  @Test
  void otherOptionsForOneNameAreRefused() {
    Holdfast node = nodes.open("x");
    DistributedLock kept = node.lock("name");
    assertThatThrownBy(() -> node.lock("name", LockOptions.DEFAULT.fairness(Fairness.STRICT)))
        .isInstanceOf(LockRefusedException.class)
        .hasMessageContainingAll("name", "STRICT", "share the handle");
    assertThat(kept.name()).isEqualTo("name");
  }

  // ---------------------------------------------------------------- close

  @Test
  void closeIsIdempotentAndReleasesEverything() throws InterruptedException {
    Holdfast node = nodes.open("x");
    Holdfast other = nodes.open("y");
    Hold hold = node.lock("a").acquire();
    Hold read = node.readWriteLock("b").readLock().acquire();
    Hold permits = node.semaphore("c", 3).acquire(2);
    node.lock("d").acquire().close();
    node.close();
    node.close();
    assertThat(node.isActive()).isFalse();
    assertThat(other.inspector().list("")).isEmpty();
    for (Hold lost : List.of(hold, read, permits)) {
      assertThat(lost.isHeld()).isFalse();
      assertThatCode(lost::close).doesNotThrowAnyException();
      assertThat(lost.release()).isEqualTo(Hold.Release.ALREADY_LOST);
    }
  }

  @Test
  void aClosedNodeRefusesEverythingAndSaysWhatToDo() throws InterruptedException {
    Holdfast node = nodes.open("x");
    DistributedLock lock = node.lock("a");
    DistributedLock retained = node.lock("r");
    retained.acquire().close();
    DistributedReadWriteLock rw = node.readWriteLock("b");
    DistributedSemaphore slots = node.semaphore("c", 3);
    DistributedLock strict = node.lock("s", LockOptions.DEFAULT.fairness(Fairness.STRICT));
    node.close();
    for (ThrowingCallable use :
        List.<ThrowingCallable>of(
            lock::acquire,
            lock::tryAcquire,
            () -> lock.tryAcquire(Duration.ofSeconds(1)),
            () -> lock.acquire(Duration.ofSeconds(1)),
            () -> lock.acquireAsync(Owner.of("x")),
            lock.asLock()::lock,
            lock.asLock()::tryLock,
            retained::acquire,
            retained::tryAcquire,
            strict::acquire,
            rw.readLock()::acquire,
            rw.writeLock()::tryAcquire,
            slots::acquire,
            () -> node.lockAll("a", "e").acquire(),
            () -> node.lock("fresh").acquire())) {
      assertThatThrownBy(use)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("closed Holdfast", "connect a new one");
    }
    assertThatThrownBy(() -> node.inspector().list(""))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void closeEndsWaitsAtOnce() throws InterruptedException {
    Holdfast node = nodes.open("x");
    Hold hold = nodes.open("y").lock("a").acquire();
    Task<Boolean> waiter = Task.parked(() -> node.lock("a").acquire());
    node.close();
    waiter.failsWith(IllegalStateException.class);
    assertThat(hold.isHeld()).isTrue();
    hold.close();
  }

  /** Two seconds are promised. */
  @Test
  void closeOfAHungEngineEnds() {
    Await.takesAtMost(Duration.ofSeconds(3), "a close", this::timeToCloseHung);
  }

  private Duration timeToCloseHung() throws InterruptedException {
    FaultyEngine engine = nodes.faulty();
    Holdfast node = nodes.open(nodes.builder("x").engine(engine));
    Hold hold = node.lock("a").acquire();
    engine.allCalls(FaultyEngine.Fault.HANG);
    long start = System.nanoTime();
    node.close();
    Duration took = Await.since(start);
    assertThat(hold.isHeld()).isFalse();
    return took;
  }

  @Test
  void aClosedNodeIsForgottenByTheJvm() throws InterruptedException {
    List<WeakReference<Holdfast>> closed = openAndClose();
    Await.until(
        "closed nodes are garbage",
        () -> {
          System.gc();
          return closed.stream().allMatch(reference -> reference.refersTo(null));
        });
  }

  private List<WeakReference<Holdfast>> openAndClose() {
    Holdfast first = nodes.builder("first").shutdownHook(true).connect();
    Holdfast second = nodes.builder("second").shutdownHook(true).connect();
    first.close();
    second.close();
    return List.of(new WeakReference<>(first), new WeakReference<>(second));
  }

  // ---------------------------------------------------------------- connect fails

  @Test
  void aHungConnectEndsInTimeAndSaysWhatToCheck() {
    FaultyEngine engine = nodes.faulty();
    engine.allCalls(FaultyEngine.Fault.HANG);
    HoldfastBuilder builder =
        nodes.builder("x").engine(engine).connectTimeout(Duration.ofMillis(100));
    Await.takesAtMost(
        Duration.ofSeconds(2),
        "a connect",
        () -> {
          long start = System.nanoTime();
          assertThatThrownBy(builder::connect)
              .isInstanceOf(EngineUnavailableException.class)
              .hasMessageContaining("100 ms")
              .hasMessageContaining("check");
          return Await.since(start);
        });
  }

  @Test
  void aRefusedConnectSaysWhy() {
    FaultyEngine engine = nodes.faulty();
    engine.allCalls(FaultyEngine.Fault.REFUSE);
    assertThatThrownBy(() -> nodes.builder("x").engine(engine).connect())
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("out of order");
  }
}
