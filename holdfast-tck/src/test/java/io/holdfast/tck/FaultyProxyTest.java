package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.engine.Environment;
import io.holdfast.tck.FaultyProxy.Direction;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What a proxy does to a connection. Mostly waits to see that nothing comes, so all at once. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(60)
class FaultyProxyTest {

  private static final Duration WHILE = Duration.ofMillis(300);

  private static ServerProcess server;

  private final Environment.Ticker clock = Environment.system("test").ticker();
  private FaultyProxy proxy;
  private EchoClient client;

  @BeforeAll
  static void startServer() {
    server = ServerProcess.main(EchoServer.class).arguments("{port}").start();
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void connect() throws IOException {
    proxy = FaultyProxy.before(server.port());
    client = new EchoClient(proxy.port());
    assertThat(client.ask("hello")).isEqualTo("hello");
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    proxy.close();
  }

  private void eventually(BooleanSupplier condition) {
    long deadline = clock.nanoTime() + EchoClient.PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(clock.nanoTime() - deadline).as("nanoseconds too late").isNegative();
      LockSupport.parkNanos(1_000_000);
    }
  }

  private Duration timeOfAnswer() throws IOException {
    long begun = clock.nanoTime();
    assertThat(client.ask("timed")).isEqualTo("timed");
    return Duration.ofNanos(clock.nanoTime() - begun);
  }

  @Test
  void passesAndCounts() throws IOException {
    String big = "x".repeat(3_000_000);
    assertThat(client.ask(big)).isEqualTo(big);
    proxy.resetCounts();
    for (int i = 0; i < 5; i++) {
      assertThat(client.ask("12345")).isEqualTo("12345");
    }
    assertThat(proxy.roundTrips()).isEqualTo(5);
    assertThat(proxy.bytes(Direction.TO_SERVER)).isEqualTo(30);
    assertThat(proxy.bytes(Direction.TO_CLIENT)).isGreaterThan(30);
    assertThat(proxy.connections()).isZero();
    try (EchoClient second = new EchoClient(proxy.port())) {
      assertThat(second.ask("a")).isEqualTo("a");
      assertThat(proxy.connections()).isOne();
      assertThat(proxy.open()).isEqualTo(2);
    }
    eventually(() -> proxy.open() == 1);
  }

  @Test
  void countsWhatIsSetAsideApart() throws IOException {
    proxy.setAside("look");
    client.ask("before");
    proxy.resetCounts();
    client.ask("look");
    client.ask("work");
    client.ask("a look");
    assertThat(proxy.roundTrips()).isOne();
    assertThat(proxy.roundTripsSetAside()).isEqualTo(2);
    assertThat(proxy.bytes(Direction.TO_SERVER)).isEqualTo(5);
    proxy.resetCounts();
    assertThat(proxy.roundTripsSetAside()).isZero();
  }

  @Test
  void passesTheEndOfOneDirectionAfterAllThatWasSaid() throws IOException {
    proxy.delay(Direction.TO_SERVER, WHILE);
    client.say("last words");
    client.endOutput();
    assertThat(client.hear()).isEqualTo("last words");
    assertThat(client.hear()).isEqualTo("end");
    eventually(() -> proxy.open() == 0);
  }

  @Test
  void delaysEachDirection() throws IOException {
    for (Direction direction : Direction.values()) {
      proxy.delay(direction, WHILE);
      assertThat(timeOfAnswer()).as("delay %s", direction).isGreaterThanOrEqualTo(WHILE);
      proxy.heal();
    }
    proxy.delay(Direction.TO_SERVER, EchoClient.PATIENCE.multipliedBy(2));
    proxy.heal();
    assertThat(client.ask("in time")).isEqualTo("in time");
  }

  /** Delay is not throughput: all that is said at once arrives together. */
  @Test
  void delaysManyMessagesAsLongAsOne() throws IOException {
    proxy.delay(Direction.TO_CLIENT, WHILE);
    long begun = clock.nanoTime();
    for (int i = 0; i < 50; i++) {
      client.say("line " + i);
    }
    for (int i = 0; i < 50; i++) {
      assertThat(client.hear()).isEqualTo("line " + i);
    }
    assertThat(Duration.ofNanos(clock.nanoTime() - begun)).isBetween(WHILE, WHILE.multipliedBy(25));
  }

  @Test
  void stallsAndLosesNothing() throws IOException {
    proxy.stall();
    client.say("stalled");
    assertThat(client.hearsNothing(WHILE)).isTrue();
    proxy.heal();
    assertThat(client.hear()).isEqualTo("stalled");
  }

  @Test
  void stallsReplies() throws IOException {
    proxy.stall(Direction.TO_CLIENT);
    proxy.resetCounts();
    client.say("stalled");
    assertThat(client.hearsNothing(WHILE)).isTrue();
    assertThat(proxy.bytes(Direction.TO_SERVER)).as("what has reached the server").isEqualTo(8);
    proxy.heal();
    assertThat(client.hear()).isEqualTo("stalled");
  }

  @Test
  void dropsRequestsWithoutAReset() throws IOException {
    proxy.drop();
    client.say("lost");
    client.say("lost too");
    assertThat(client.hearsNothing(WHILE)).isTrue();
    proxy.heal();
    assertThatThrownBy(client::hear).isInstanceOf(IOException.class).hasMessageContaining("reset");
    reconnect();
  }

  @Test
  void dropsReplies() throws IOException {
    proxy.drop(Direction.TO_CLIENT);
    client.say("lost");
    eventually(() -> proxy.bytes(Direction.TO_CLIENT) > 6);
    assertThat(client.hearsNothing(WHILE)).isTrue();
    proxy.heal();
    assertThatThrownBy(client::hear).isInstanceOf(IOException.class);
    reconnect();
  }

  @Test
  void leavesAloneWhatHasLostNothing() throws IOException {
    proxy.drop();
    proxy.heal();
    assertThat(client.ask("still here")).isEqualTo("still here");
  }

  @Test
  void hidesTheDeathOfTheServer() throws IOException {
    try (ServerProcess mortal = ServerProcess.main(EchoServer.class).arguments("{port}").start();
        FaultyProxy before = FaultyProxy.before(mortal.port());
        EchoClient other = new EchoClient(before.port())) {
      assertThat(other.ask("a")).isEqualTo("a");
      before.drop();
      mortal.kill();
      assertThat(other.hearsNothing(WHILE)).isTrue();
      before.heal();
      assertThatThrownBy(other::hear).isInstanceOf(IOException.class);
    }
  }

  @Test
  void dropsOnlyWhatIsMarked() throws IOException {
    proxy.mark("SUBSCRIBE");
    try (EchoClient subscriber = new EchoClient(proxy.port())) {
      assertThat(subscriber.ask("SUBSCRIBE me")).isEqualTo("SUBSCRIBE me");
      proxy.dropMarked();
      subscriber.say("lost");
      assertThat(subscriber.hearsNothing(WHILE)).isTrue();
      assertThat(client.ask("unmarked")).isEqualTo("unmarked");
    }
  }

  @Test
  void cutsWhatIsOpen() throws IOException {
    proxy.cut();
    assertThatThrownBy(client::hear).isInstanceOf(IOException.class).hasMessageContaining("reset");
    assertThat(proxy.open()).isZero();
    reconnect();
  }

  @Test
  void refuses() throws IOException {
    proxy.refuse();
    assertThatThrownBy(client::hear).isInstanceOf(IOException.class);
    assertThatThrownBy(this::reconnect).isInstanceOf(IOException.class);
    proxy.heal();
    reconnect();
  }

  @Test
  void resetsConnectionsToADeadServer() {
    try (FaultyProxy before = FaultyProxy.before(ServerProcess.freePort())) {
      assertThatThrownBy(() -> new EchoClient(before.port()).ask("anybody?"))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void acceptsAndNeverAnswers() throws IOException {
    proxy.ignoreNew();
    assertThat(client.ask("old")).isEqualTo("old");
    try (EchoClient ignored = new EchoClient(proxy.port())) {
      ignored.say("anybody?");
      assertThat(ignored.hearsNothing(WHILE)).isTrue();
      proxy.heal();
      assertThatThrownBy(ignored::hear).isInstanceOf(IOException.class);
    }
    reconnect();
  }

  private void reconnect() throws IOException {
    try (EchoClient fresh = new EchoClient(proxy.port())) {
      assertThat(fresh.ask("fresh")).isEqualTo("fresh");
    }
  }

  @Test
  void freesItsPort() {
    int port = proxy.port();
    proxy.close();
    // A process that another test is starting holds what this JVM had open until its program runs.
    eventually(() -> isRefused(port));
    assertThatThrownBy(proxy::cut).hasMessageContaining("start another");
  }

  private static boolean isRefused(int port) {
    try {
      new EchoClient(port).close();
      return false;
    } catch (IOException refused) {
      return true;
    }
  }
}
