package io.holdfast.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** When sessions expire, and when they do not. */
class EmbeddedExpiryTest extends EmbeddedFixture {

  @Test
  void aSessionThatIsNotRenewedExpires() {
    EmbeddedEngine engine = open();
    Client dead = new Client(engine);
    Client alive = new Client(engine);
    dead.acquire("a", 1);
    alive.acquire("a", 1);
    dead.heard.clear();
    renewFor(alive, Duration.ofSeconds(10));
    assertThat(alive.heard).isEmpty();
    renewFor(alive, Duration.ofSeconds(1));
    assertThat(dead.heard).containsExactly("expired");
    assertThat(alive.heard).containsExactly("a Granted 1");
    assertEnded(dead);
    assertThat(now(alive.session.renew())).isNull();
  }

  @Test
  void expiryIsNoticedWithinATwentiethOfTheTtl() {
    Client client =
        new Client(open(), new SessionTerms(SessionTerms.MIN_TTL, "node", "host.example", 1));
    time.advance(Duration.ofSeconds(2));
    assertThat(client.heard).isEmpty();
    time.advance(Duration.ofMillis(100));
    assertThat(client.heard).containsExactly("expired");
    assertThat(time.pending()).as("nothing ticks without sessions").isZero();
  }

  @Test
  void aLongTtlIsNotStretchedByTheCapOnSteps() {
    Client client =
        new Client(open(), new SessionTerms(SessionTerms.MAX_TTL, "node", "host.example", 1));
    time.advance(SessionTerms.MAX_TTL);
    assertThat(client.heard).isEmpty();
    time.advance(Duration.ofSeconds(1));
    assertThat(client.heard).containsExactly("expired");
  }

  @Test
  void aPauseOfTheProcessExpiresNobody() {
    Client client = new Client(open());
    client.acquire("a", 1);
    time.pause(Duration.ofHours(1));
    time.runDue();
    assertThat(client.heard).isEmpty();
    now(client.session.renew());
    time.advance(Duration.ofSeconds(9));
    assertThat(client.heard).isEmpty();
  }

  @Test
  void aLateRenewalAfterAPauseCountsFromThen() {
    Client client = new Client(open());
    time.advance(Duration.ofSeconds(9));
    time.pause(Duration.ofHours(1));
    now(client.session.renew());
    time.advance(Duration.ofMillis(9_900));
    assertThat(client.heard).isEmpty();
    time.advance(Duration.ofMillis(500));
    assertThat(client.heard).containsExactly("expired");
  }

  @Test
  void aJumpOfTheWallClockExpiresNobody() {
    Client client = new Client(open());
    time.jumpWallClock(Duration.ofDays(3));
    time.advance(Duration.ofSeconds(5));
    time.jumpWallClock(Duration.ofDays(-9));
    time.advance(Duration.ofSeconds(4));
    assertThat(client.heard).isEmpty();
  }

  @Test
  void theNextEngineDrivesTheClockWhenTheFirstIsClosed() {
    ManualEnvironment second = new ManualEnvironment();
    second.advance(Duration.ofDays(1));
    EmbeddedEngine first = open();
    EmbeddedEngine next = keep(EmbeddedEngine.open(name, "s", second.environment()));
    new Client(first);
    Client client = new Client(next);
    time.advance(Duration.ofSeconds(6));
    first.close();
    assertThat(time.pending()).isZero();
    second.advance(Duration.ofMillis(3_900));
    assertThat(client.heard).isEmpty();
    second.advance(Duration.ofMillis(600));
    assertThat(client.heard).containsExactly("expired");
  }

  private void renewFor(Client client, Duration duration) {
    for (long second = 0; second < duration.toSeconds(); second++) {
      time.advance(Duration.ofSeconds(1));
      now(client.session.renew());
    }
  }
}
