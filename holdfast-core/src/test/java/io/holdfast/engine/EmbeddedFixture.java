package io.holdfast.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.rules.Command;
import io.holdfast.rules.Command.Patience;
import io.holdfast.rules.Event;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;

/** Engines in this process, in a space of the test's name and on a clock that is moved by hand. */
abstract class EmbeddedFixture {

  static final SessionTerms TERMS =
      new SessionTerms(SessionTerms.DEFAULT_TTL, "node", "host.example", 42);

  final ManualEnvironment time = new ManualEnvironment();
  final List<EmbeddedEngine> opened = new ArrayList<>();
  String name = "";

  /** A session, and what its listener has heard. */
  static class Client implements SessionListener {
    final List<String> heard = new ArrayList<>();
    final EngineSession session;

    Client(EmbeddedEngine engine) {
      this(engine, TERMS);
    }

    Client(EmbeddedEngine engine, SessionTerms terms) {
      session = now(engine.openSession(terms, this));
    }

    @Override
    public void onEvent(String lock, Event event) {
      heard.add(lock + " " + event.getClass().getSimpleName() + " " + event.request().number());
    }

    @Override
    public void onExpired() {
      heard.add("expired");
    }

    Reply acquire(String lock, long number) {
      return now(
          session.submit(
              lock,
              new Command.Acquire(
                  request(number), LockKind.MUTEX, Mode.EXCLUSIVE, "owner", true, Patience.QUEUE)));
    }

    Reply release(String lock, long number) {
      return now(session.submit(lock, new Command.Release(request(number))));
    }

    RequestId request(long number) {
      return new RequestId(session.id(), number);
    }
  }

  @BeforeEach
  void nameTheSpace(TestInfo test) {
    name = test.getTestMethod().orElseThrow().getName();
  }

  @AfterEach
  void closeAll() {
    opened.forEach(EmbeddedEngine::close);
  }

  static void assertEnded(Client client) {
    assertThatThrownBy(() -> client.acquire("z", 99)).isInstanceOf(SessionEndedException.class);
    assertThatThrownBy(() -> now(client.session.renew()))
        .isInstanceOf(SessionEndedException.class)
        .hasMessageContaining("session " + client.session.id());
  }

  static long granted(Reply reply) {
    return ((Reply.Granted) reply).id();
  }

  EmbeddedEngine open() {
    return keep(EmbeddedEngine.open(name, "s", time.environment()));
  }

  EmbeddedEngine keep(EmbeddedEngine engine) {
    opened.add(engine);
    return engine;
  }

  /** The answer of a stage that must be complete; its failure is thrown as it is. */
  static <T> T now(CompletionStage<T> stage) {
    assertThat(stage.toCompletableFuture()).isDone();
    try {
      return stage.toCompletableFuture().join();
    } catch (CompletionException failed) {
      throw (RuntimeException) failed.getCause();
    }
  }
}
