package io.holdfast.etcd;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.RangeRequest;
import io.holdfast.engine.Environment;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.engine.SessionTerms;
import io.holdfast.etcd.Client.Nature;
import io.holdfast.tck.ServerProcess;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** The stores that a test opens, and patience. */
final class Bench implements AutoCloseable {

  static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final AtomicInteger SPACES = new AtomicInteger();

  final Environment environment = Environment.system("bench");
  final String space = "bench" + SPACES.incrementAndGet();
  private final List<EtcdRecordStore> stores = new ArrayList<>();

  EtcdRecordStore open(ServerProcess server) {
    return open(EtcdOptions.of("127.0.0.1:" + server.port()), space);
  }

  EtcdRecordStore open(EtcdOptions options, String ofSpace) {
    EtcdRecordStore store = EtcdRecordStore.open(options, ofSpace, environment);
    stores.add(store);
    return store;
  }

  /** What is left in a space, without the beginning that all its keys share. */
  static List<String> keys(ServerProcess server, String space) {
    ByteString prefix = new Keys("", space).prefix();
    EtcdOptions options = EtcdOptions.of("127.0.0.1:" + server.port());
    RangeRequest all =
        RangeRequest.newBuilder().setKey(prefix).setRangeEnd(Keys.after(prefix)).build();
    Environment own = Environment.system("keys");
    try (Client client = new Client(options, Members.of(options, own.random()))) {
      return await(client.call(KVGrpc.getRangeMethod(), all, Nature.LOOK)).getKvsList().stream()
          .map(kv -> kv.getKey().substring(prefix.size()).toStringUtf8())
          .toList();
    } finally {
      own.scheduler().close();
    }
  }

  static SessionTerms terms(Duration ttl) {
    return new SessionTerms(ttl, "node-1", "host-1", 4711);
  }

  static long session(EtcdRecordStore store, Duration ttl) {
    return await(store.openSession(terms(ttl), name -> {}));
  }

  static Outcome write(EtcdRecordStore store, String name, long expected, String text) {
    return await(store.compareAndSet(new Write(name, expected, bytes(text), Set.of())));
  }

  static Outcome delete(EtcdRecordStore store, String name, long expected) {
    return await(store.compareAndSet(new Write(name, expected, null, Set.of())));
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The value of a stage; its failure is thrown as it is. */
  static <T> T await(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof TimeoutException) {
        throw new AssertionError("no answer within " + PATIENCE, failed);
      }
      if (failed.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw failed;
    }
  }

  /** Waits until something is so; returns how long it took. */
  Duration eventually(String what, BooleanSupplier condition) {
    long begun = environment.ticker().nanoTime();
    while (!condition.getAsBoolean()) {
      Duration waited = Duration.ofNanos(environment.ticker().nanoTime() - begun);
      if (waited.compareTo(PATIENCE) > 0) {
        throw new AssertionError("not so within " + PATIENCE + ": " + what);
      }
      pass(Duration.ofMillis(20));
    }
    return Duration.ofNanos(environment.ticker().nanoTime() - begun);
  }

  /** Lets time pass, where a test is about time. */
  void pass(Duration time) {
    CompletableFuture<Void> over = new CompletableFuture<>();
    environment.scheduler().schedule(() -> over.complete(null), time);
    over.join();
  }

  @Override
  public void close() {
    stores.forEach(EtcdRecordStore::close);
    environment.scheduler().close();
  }
}
