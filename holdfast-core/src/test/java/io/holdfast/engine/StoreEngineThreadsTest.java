package io.holdfast.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.Command;
import io.holdfast.rules.Command.Patience;
import io.holdfast.rules.Event;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real threads: callers, those of the store, the scheduler's. */
class StoreEngineThreadsTest {

  private static final int PROCESSES = 3;
  private static final int CALLERS = 3;
  private static final int ROUNDS = 400;

  private final Environment environment = Environment.system("store-engine-test");
  private final ExecutorService storeThreads = Executors.newFixedThreadPool(4);
  private final ExecutorService callers = Executors.newCachedThreadPool();
  private final FaultyRecordStore store = new FaultyRecordStore(environment);

  @AfterEach
  void stop() {
    callers.shutdownNow();
    storeThreads.shutdownNow();
    environment.scheduler().close();
  }

  @Test
  @Timeout(60)
  void threadsExcludeEachOtherAndLeaveNothing() throws Exception {
    List<Process> processes = new ArrayList<>();
    Map<String, AtomicInteger> inside = new ConcurrentHashMap<>();
    List<CompletableFuture<Void>> work = new ArrayList<>();
    for (int i = 0; i < PROCESSES; i++) {
      Process process = new Process();
      processes.add(process);
      for (int caller = 0; caller < CALLERS; caller++) {
        int first = caller;
        work.add(
            CompletableFuture.runAsync(
                () -> {
                  for (int round = 0; round < ROUNDS; round++) {
                    process.lockOnce("name/" + (first + round) % 2, inside);
                  }
                },
                callers));
      }
    }
    CompletableFuture.allOf(work.toArray(CompletableFuture<?>[]::new)).get(50, TimeUnit.SECONDS);

    assertThat(inside.values()).allMatch(count -> count.get() == 0);
    for (Process process : processes) {
      process.session.close().toCompletableFuture().get(5, TimeUnit.SECONDS);
      assertThat(process.session.interest()).isZero();
      assertThat(process.engine.pollers()).hasValue(0);
    }
    assertThat(store.names()).isEmpty();
  }

  private final class Process implements SessionListener {

    private final StoreEngine engine;
    private final StoreSession session;
    private final AtomicLong requests = new AtomicLong();
    private final Map<RequestId, CompletableFuture<Long>> wanted = new ConcurrentHashMap<>();
    private final AtomicInteger listening = new AtomicInteger();

    Process() {
      engine = new StoreEngine(new ThreadedStore(store.connect()), environment);
      session =
          (StoreSession) engine.openSession(StoreWorld.TERMS, this).toCompletableFuture().join();
    }

    void lockOnce(String name, Map<String, AtomicInteger> inside) {
      RequestId request = new RequestId(session.id(), requests.incrementAndGet());
      CompletableFuture<Long> granted = new CompletableFuture<>();
      wanted.put(request, granted);
      session
          .submit(
              name,
              new Command.Acquire(
                  request, LockKind.MUTEX, Mode.EXCLUSIVE, "caller", true, Patience.QUEUE))
          .thenAccept(
              reply -> {
                if (reply instanceof Reply.Granted grant) {
                  granted.complete(grant.id());
                }
              });
      assertThat(granted.join()).isPositive();
      AtomicInteger count = inside.computeIfAbsent(name, created -> new AtomicInteger());
      assertThat(count.incrementAndGet()).as("in %s at once", name).isEqualTo(1);
      count.decrementAndGet();
      wanted.remove(request);
      session.submit(name, new Command.Release(request)).toCompletableFuture().join();
    }

    @Override
    public void onEvent(String name, Event event) {
      assertThat(listening.incrementAndGet()).as("calls of the listener at once").isEqualTo(1);
      CompletableFuture<Long> granted = wanted.get(event.request());
      if (event instanceof Event.Granted grant && granted != null) {
        granted.complete(grant.id());
      }
      listening.decrementAndGet();
    }

    @Override
    public void onExpired() {}
  }

  /** Answers in threads of its own, some of them at once, and is safe to use from many. */
  private final class ThreadedStore implements RecordStore {

    private final RecordStore inner;

    ThreadedStore(RecordStore inner) {
      this.inner = inner;
    }

    private <T> CompletionStage<T> later(Supplier<CompletionStage<T>> call) {
      return CompletableFuture.supplyAsync(() -> atOnce(call), storeThreads);
    }

    private <T> T atOnce(Supplier<CompletionStage<T>> call) {
      synchronized (store) {
        return call.get().toCompletableFuture().join();
      }
    }

    @Override
    public CompletionStage<Stored> read(String name) {
      return later(() -> inner.read(name));
    }

    @Override
    public CompletionStage<Outcome> compareAndSet(Write write) {
      return environment.random().nextInt(4) == 0
          ? CompletableFuture.completedFuture(atOnce(() -> inner.compareAndSet(write)))
          : later(() -> inner.compareAndSet(write));
    }

    @Override
    public CompletionStage<List<Entry>> list(String prefix, String after, int limit) {
      return later(() -> inner.list(prefix, after, limit));
    }

    @Override
    public CompletionStage<Long> openSession(SessionTerms terms, Consumer<String> onWake) {
      return later(() -> inner.openSession(terms, onWake));
    }

    @Override
    public CompletionStage<Boolean> renewSession(long session) {
      return later(() -> inner.renewSession(session));
    }

    @Override
    public CompletionStage<Void> closeSession(long session) {
      return later(() -> inner.closeSession(session));
    }

    @Override
    public CompletionStage<Set<Long>> findDead(Collection<Long> sessions) {
      return later(() -> inner.findDead(sessions));
    }

    @Override
    public CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> sessions) {
      return later(() -> inner.describe(sessions));
    }

    @Override
    public CompletionStage<Void> publish(long session, byte[] report) {
      return later(() -> inner.publish(session, report));
    }

    @Override
    public CompletionStage<Map<Long, byte[]>> published(Collection<Long> sessions) {
      return later(() -> inner.published(sessions));
    }

    @Override
    public CompletionStage<Void> wake(Set<Long> sessions, String name) {
      return later(() -> inner.wake(sessions, name));
    }

    @Override
    public EngineDescription description() {
      return inner.description();
    }

    @Override
    public void close() {
      inner.close();
    }
  }
}
