package io.holdfast.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.tck.ServerProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZKUtil;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
class SessionsTest {

  private static final Duration TTL = Duration.ofSeconds(2);
  private static final Duration LONG = Duration.ofSeconds(30);

  private static ServerProcess server;
  private static ZooKeeper raw;
  private String uri;
  private String space;
  private TestStore one;
  private TestStore two;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start();
    raw = new ZooKeeper("127.0.0.1:" + server.port(), 30_000, event -> {});
  }

  @AfterAll
  static void stop() throws Exception {
    raw.close();
    server.close();
  }

  @BeforeEach
  void open(TestInfo test) {
    space = test.getTestMethod().orElseThrow().getName();
    uri = "zookeeper://127.0.0.1:" + server.port();
    one = TestStore.open(uri, space);
    two = TestStore.open(uri, space);
  }

  @AfterEach
  void close() {
    one.close();
    two.close();
  }

  private boolean renew(TestStore store, long session) {
    return TestStore.await(store.store.renewSession(session));
  }

  private String path(long session) {
    return new Layout("", space).session(session);
  }

  @Test
  void F52_nodesThatStartAtOnceOnAnEmptyTreeAllGetIn() throws Exception {
    String empty = uri + "/crowd/of/nodes";
    int nodes = 12;
    CountDownLatch all = new CountDownLatch(nodes);
    ExecutorService threads = Executors.newFixedThreadPool(nodes);
    try {
      List<Future<Long>> sessions = new ArrayList<>();
      for (int i = 0; i < nodes; i++) {
        sessions.add(
            threads.submit(
                () -> {
                  all.countDown();
                  all.await();
                  try (TestStore own = TestStore.open(empty, space)) {
                    return own.session(LONG, name -> {});
                  }
                }));
      }
      Set<Long> different = new HashSet<>();
      for (Future<Long> each : sessions) {
        different.add(each.get(60, TimeUnit.SECONDS));
      }
      assertThat(different).hasSize(nodes);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void F52_whatAKilledNodeHasLeftHalfMadeIsCompleted() throws Exception {
    int all = new Layout("/half/0", space).directories().size();
    for (int done = 0; done <= all; done++) {
      String chroot = "/half/" + done;
      for (String directory : new Layout(chroot, space).directories().subList(0, done)) {
        if (raw.exists(directory, false) == null) {
          raw.create(directory, new byte[0], ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        }
      }
      try (TestStore next = TestStore.open(uri + chroot, space)) {
        next.session(LONG, name -> {});
        assertThat(next.write("a", 0, "x").written()).as("after %d nodes", done).isTrue();
      }
    }
  }

  @Test
  void ZooKeepersPingsDoNotKeepASessionThatNobodyRenews() {
    long session = one.session(TTL, name -> {});
    one.pass(Duration.ofMillis(1_500));
    assertThat(two.dead(session)).as("before the TTL is over").isEmpty();
    two.eventually("dead", Duration.ofMillis(1_500), () -> two.dead(session).contains(session));
    assertThat(renew(one, session)).isFalse();
  }

  @Test
  void aSessionThatIsRenewedLives() {
    long session = one.session(TTL, name -> {});
    for (int i = 0; i < 8; i++) {
      one.pass(Duration.ofMillis(500));
      assertThat(renew(one, session)).isTrue();
      assertThat(two.dead(session)).isEmpty();
    }
  }

  /** Its process lives and answers ZooKeeper, but no timer of it runs any more. */
  @Test
  void whoeverWatchesEndsASessionWhoseProcessIsStuck() {
    try (TestStore stuck = TestStore.withStuckTimers(uri, space)) {
      long session = stuck.session(TTL, name -> {});
      long begun = two.nanoTime();
      assertThat(two.dead(session)).isEmpty();
      two.eventually("dead", TTL.plusSeconds(5), () -> two.dead(session).contains(session));
      assertThat(two.nanoTime() - begun).isGreaterThanOrEqualTo(TTL.toNanos());
      assertThat(renew(stuck, session)).isFalse();
      assertThat(one.dead(session)).as("for everybody").contains(session);
    }
  }

  @Test
  void aRenewalBetweenTwoLooksSavesASession() {
    try (TestStore stuck = TestStore.withStuckTimers(uri, space)) {
      long session = stuck.session(TTL, name -> {});
      assertThat(two.dead(session)).isEmpty();
      two.pass(Duration.ofMillis(1_500));
      assertThat(renew(stuck, session)).isTrue();
      two.pass(Duration.ofMillis(1_000));
      assertThat(two.dead(session)).as("renewed a second ago").isEmpty();
      assertThat(renew(stuck, session)).isTrue();
    }
  }

  /** As when the judge decides and the renewal is on its way. */
  @Test
  void theVersionDecidesBetweenBurialAndRenewal() throws Exception {
    long session = one.session(LONG, name -> {});
    Stat seen = raw.exists(path(session), false);
    assertThat(renew(one, session)).isTrue();
    assertThatThrownBy(() -> raw.delete(path(session), seen.getVersion()))
        .isInstanceOf(KeeperException.BadVersionException.class);
  }

  @Test
  void aSessionEndsWithTheZooKeeperSessionOfItsNode() throws Exception {
    long session = one.session(LONG, name -> {});
    long owner = raw.exists(path(session), false).getEphemeralOwner();
    expire(owner);
    two.eventually("dead", LONG, () -> two.dead(session).contains(session));
    one.eventually("told", LONG, () -> ended(session));
    long next = one.session(LONG, name -> {});
    assertThat(next).isGreaterThan(session);
    assertThat(renew(one, next)).isTrue();
  }

  /** As after an interruption that is longer than the session timeout. */
  @Test
  void aRenewalOverALaterZooKeeperSessionProvesNothing() throws Exception {
    long session = one.session(LONG, name -> {});
    one.store.connection(LONG).forgetZooKeeperSession();
    one.eventually("told", LONG, () -> ended(session));
    two.eventually("dead", LONG, () -> two.dead(session).contains(session));
  }

  private boolean ended(long session) {
    try {
      return !renew(one, session);
    } catch (RuntimeException noConnection) {
      return false;
    }
  }

  /** Ends somebody else's ZooKeeper session by the server's admin, as far as a test can. */
  private static void expire(long zooKeeperSession) throws Exception {
    ZooKeeper twin =
        new ZooKeeper(
            "127.0.0.1:" + server.port(),
            10_000,
            event -> {},
            zooKeeperSession,
            password(zooKeeperSession));
    twin.exists("/", false);
    twin.close();
  }

  /** As the server makes it of the session's number. */
  private static byte[] password(long zooKeeperSession) {
    byte[] password = new byte[16];
    new Random(zooKeeperSession ^ 0xB3415C00L).nextBytes(password);
    return password;
  }

  @Test
  void whoSeemsAbsentIsProvedAbsentBeforeHeIsCalledDead() {
    assertThat(two.dead(0x7fffffffL)).containsExactly(0x7fffffffL);
    long session = one.session(LONG, name -> {});
    TestStore.await(one.store.closeSession(session));
    assertThat(two.dead(session)).contains(session);
    TestStore.await(one.store.closeSession(session));
  }

  @Test
  void wakeUpsArriveWithTheirNames() throws Exception {
    BlockingQueue<String> woken = new LinkedBlockingQueue<>();
    long session = one.session(LONG, woken::add);
    List<String> names = List.of("a", "a/b ü", "\ud83d\ude00");
    for (String name : names) {
      TestStore.await(two.store.wake(Set.of(session, 77L), name));
    }
    two.write("c", 0, "x", session);
    for (String name : names) {
      assertThat(woken.poll(10, TimeUnit.SECONDS)).isEqualTo(name);
    }
    assertThat(woken.poll(10, TimeUnit.SECONDS)).isEqualTo("c");

    TestStore.await(one.store.closeSession(session));
    TestStore.await(two.store.wake(Set.of(session), "late"));
    two.write("d", 0, "x", session);
    assertThat(woken.poll(300, TimeUnit.MILLISECONDS)).isNull();
  }

  @Test
  void reportsAreKeptAsLongAsTheirSession() {
    long session = one.session(LONG, name -> {});
    assertThat(published(session)).isEmpty();
    TestStore.await(one.store.publish(session, new byte[] {1}));
    TestStore.await(one.store.publish(session, new byte[] {2, 3}));
    assertThat(renew(one, session)).isTrue();
    assertThat(published(session).get(session)).containsExactly(2, 3);
    TestStore.await(one.store.publish(session, new byte[0]));
    assertThat(published(session).get(session)).isEmpty();
    TestStore.await(one.store.closeSession(session));
    assertThat(published(session)).isEmpty();
    TestStore.await(one.store.publish(session, new byte[] {4}));
    assertThat(published(session)).isEmpty();
  }

  private Map<Long, byte[]> published(long session) {
    return TestStore.await(two.store.published(Set.of(session, 5L)));
  }

  @Test
  void aSpaceThatSomebodyDeletedEndsItsSessionsAndIsMadeAgain() throws Exception {
    long session = one.session(LONG, name -> {});
    one.write("a", 0, "1");
    ZKUtil.deleteRecursive(raw, "/" + space);
    assertThat(renew(one, session)).isFalse();
    assertThatThrownBy(() -> one.write("b", 0, "1"))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("opening a session");
    long next = one.session(LONG, name -> {});
    assertThat(next).isGreaterThan(session);
    assertThat(one.write("b", 0, "1").written()).isTrue();
    assertThat(renew(one, next)).isTrue();
  }

  @Test
  void aServerThatEndsSessionsTooEarlyIsRefused() {
    try (ServerProcess hasty = TestServer.start("maxSessionTimeout=3000");
        TestStore store = TestStore.open("zookeeper://127.0.0.1:" + hasty.port(), space)) {
      assertThatThrownBy(() -> store.session(Duration.ofSeconds(10), name -> {}))
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining("maxSessionTimeout")
          .hasMessageContaining("3000 ms");
      assertThat(store.session(TTL, name -> {})).isPositive();
    }
  }
}
