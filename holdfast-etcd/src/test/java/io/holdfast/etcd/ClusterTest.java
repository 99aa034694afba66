package io.holdfast.etcd;

import static io.holdfast.etcd.Bench.await;
import static io.holdfast.etcd.Bench.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.etcd.jetcd.api.MaintenanceGrpc;
import io.etcd.jetcd.api.StatusRequest;
import io.etcd.jetcd.api.StatusResponse;
import io.holdfast.DistributedLock;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.HoldfastBuilder;
import io.holdfast.Owner;
import io.holdfast.etcd.Client.Nature;
import io.holdfast.tck.Layers;
import io.holdfast.tck.Pace;
import io.holdfast.tck.ServerProcess;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three members, and leaders that come and go. */
@Tag("etcd")
@Tag(Layers.INSTALLED)
@Tag(Layers.CLUSTER)
class ClusterTest {

  private static final Duration TTL = Duration.ofSeconds(12);

  private List<ServerProcess> servers;
  private Bench bench;

  @BeforeEach
  void open() throws InterruptedException {
    servers = EtcdServer.cluster(3);
    List<Thread> starting = servers.stream().map(server -> new Thread(server::start)).toList();
    starting.forEach(Thread::start);
    for (Thread thread : starting) {
      thread.join();
    }
    bench = new Bench();
  }

  @AfterEach
  void close() {
    bench.close();
    servers.forEach(ServerProcess::close);
  }

  private Holdfast node(String name) {
    HoldfastBuilder builder =
        Holdfast.builder(EtcdServer.uri(servers.toArray(ServerProcess[]::new)));
    return builder.space(bench.space).node(name).ttl(TTL).connect();
  }

  private EtcdOptions options() {
    return EtcdOptions.of(
        servers.stream().map(server -> "127.0.0.1:" + server.port()).toArray(String[]::new));
  }

  private StatusResponse status(ServerProcess server) {
    EtcdOptions one = EtcdOptions.of("127.0.0.1:" + server.port());
    try (Client client = new Client(one, Members.of(one, bench.environment.random()))) {
      return await(
          client.call(
              MaintenanceGrpc.getStatusMethod(), StatusRequest.getDefaultInstance(), Nature.LOOK));
    }
  }

  private ServerProcess leader() {
    ServerProcess[] found = new ServerProcess[1];
    bench.eventually(
        "a leader",
        () -> {
          for (ServerProcess server : servers) {
            StatusResponse status = status(server);
            if (status.getLeader() != 0 && status.getLeader() == status.getHeader().getMemberId()) {
              found[0] = server;
            }
          }
          return found[0] != null;
        });
    return found[0];
  }

  @Test
  void S11_aStalledLeaderEndsNoLivingSessionAndElectionsNoneEither() throws Exception {
    try (Holdfast one = node("one");
        Holdfast other = node("other")) {
      AtomicBoolean lost = new AtomicBoolean();
      DistributedLock lock = one.lock("a");
      Hold hold = lock.acquireAsync(Owner.of("x")).toCompletableFuture().join();
      hold.onLost(loss -> lost.set(true));
      CompletableFuture<Hold> waiter =
          other.lock("a").acquireAsync(Owner.of("y")).toCompletableFuture();

      for (int stall = 0; stall < 3; stall++) {
        ServerProcess leader = leader();
        leader.pause();
        bench.pass(Duration.ofSeconds(5));
        assertThat(waiter).as("the waiter, while the holder lives").isNotDone();
        leader.resume();
        bench.pass(Duration.ofSeconds(2));
      }

      assertThat(waiter).isNotDone();
      assertThat(lost).as("the hold was lost").isFalse();
      assertThat(hold.isHeld()).isTrue();
      hold.close();
      Hold next = waiter.join();
      assertThat(next.token()).isGreaterThan(hold.token());
      next.close();
    }
  }

  @Test
  void S11_elections_doNotLetADeadSessionLiveForEver() {
    EtcdRecordStore store = bench.open(options(), bench.space);
    long dead = Bench.session(store, Duration.ofSeconds(3));
    for (int election = 0; election < 2; election++) {
      ServerProcess leader = leader();
      leader.kill();
      bench.pass(Duration.ofMillis(1_500));
      leader.start();
    }
    Duration lived =
        bench.eventually(
            "dead",
            () -> {
              try {
                return await(store.findDead(Set.of(dead))).contains(dead);
              } catch (EngineUnavailableException election) {
                return false;
              }
            });
    System.out.println("ClusterTest: S11: after the last election a dead session lived " + lived);
    // A TTL, an election timeout, half a second, and what the machine adds.
    assertThat(lived).isLessThan(Pace.stretch(Duration.ofSeconds(20)));
  }

  @Test
  void theLossOfAnyOneMemberIsNoticedByNobody() {
    EtcdRecordStore store = bench.open(options(), bench.space);
    long session = Bench.session(store, Duration.ofMinutes(1));
    long version = write(store, "a", 0, "x").current().version();
    for (ServerProcess server : servers) {
      server.kill();
      bench.eventually("written and renewed without " + server, () -> works(store, session));
      server.start();
    }
    assertThat(await(store.read("a")).version()).isEqualTo(version);
    assertThat(await(store.findDead(Set.of(session)))).isEmpty();
  }

  private static boolean works(EtcdRecordStore store, long session) {
    try {
      long version = write(store, "b", 0, "x").current().version();
      return Bench.delete(store, "b", version).written() && await(store.renewSession(session));
    } catch (RuntimeException duringAnElection) {
      return false;
    }
  }
}
