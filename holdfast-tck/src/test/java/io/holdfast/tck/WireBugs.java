package io.holdfast.tck;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.Command;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.RecordCodec;
import io.holdfast.rules.Reply;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What can be wrong with a {@link WireServer} or its clients. */
final class WireBugs {

  private WireBugs() {}

  /** The store of a server that has a bug, or none. */
  static HeapRecordStore store(String bug, String space, Environment environment, long start) {
    return switch (bug) {
      case "versions begin anew" -> new HeapRecordStore(space, environment, 1);
      case "records at rest stay" -> new Littering(space, environment, start);
      case "the dead live on" -> new Immortal(space, environment, start);
      case "everybody is woken" -> new Herd(space, environment, start);
      case "nothing is compared" -> new Blind(space, environment, start);
      default -> new HeapRecordStore(space, environment, start);
    };
  }

  private static final class Littering extends HeapRecordStore {
    Littering(String space, Environment environment, long start) {
      super(space, environment, start);
    }

    @Override
    Stored stored(Write write, Stored before, long version) {
      byte[] rest = RecordCodec.encode(LockRecord.free(LockKind.MUTEX));
      return new Stored(version, write.bytes() == null ? rest : write.bytes());
    }
  }

  private static final class Immortal extends HeapRecordStore {
    Immortal(String space, Environment environment, long start) {
      super(space, environment, start);
    }

    @Override
    long lifetime(SessionTerms terms) {
      return Long.MAX_VALUE;
    }
  }

  private static final class Herd extends HeapRecordStore {
    private final Set<Long> everybody = new HashSet<>();

    Herd(String space, Environment environment, long start) {
      super(space, environment, start);
    }

    @Override
    public synchronized CompletionStage<Outcome> compareAndSet(Write write) {
      if (write.bytes() != null) {
        RecordCodec.decode(write.bytes(), 1)
            .queue()
            .forEach(waiter -> everybody.add(waiter.request().session()));
      }
      return super.compareAndSet(
          new Write(write.name(), write.expected(), write.bytes(), everybody));
    }
  }

  private static final class Blind extends HeapRecordStore {
    Blind(String space, Environment environment, long start) {
      super(space, environment, start);
    }

    @Override
    public CompletionStage<Outcome> compareAndSet(Write write) {
      return read(write.name())
          .thenCompose(
              current ->
                  super.compareAndSet(
                      new Write(write.name(), current.version(), write.bytes(), write.wake())));
    }
  }

  /** A client's store that has a bug, or none. */
  static WireRecordStore client(String bug, int port, String space) {
    return switch (bug) {
      case "renewals are taken for granted" ->
          new WireRecordStore(port, space) {
            @Override
            public CompletionStage<Boolean> renewSession(long session) {
              super.renewSession(session).exceptionally(failure -> false);
              return CompletableFuture.completedFuture(true);
            }
          };
      case "nobody looks by himself" ->
          new WireRecordStore(port, space) {
            @Override
            public Duration pollInterval() {
              return Duration.ofMinutes(10);
            }
          };
      case "callers wait for the server" ->
          new WireRecordStore(port, space) {
            @Override
            public CompletionStage<Outcome> compareAndSet(Write write) {
              CompletionStage<Outcome> outcome = super.compareAndSet(write);
              outcome.toCompletableFuture().exceptionally(failure -> null).join();
              return outcome;
            }
          };
      case "one round trip too many" ->
          new WireRecordStore(port, space) {
            @Override
            public CompletionStage<Outcome> compareAndSet(Write write) {
              return read(write.name()).thenCompose(unused -> super.compareAndSet(write));
            }
          };
      default -> new WireRecordStore(port, space);
    };
  }

  /** A client's engine that has a bug, or none. */
  static Engine engine(String bug, Engine good) {
    if (!bug.equals("cancels are not sent")) {
      return good;
    }
    return new EngineFilter(good) {
      @Override
      CompletionStage<Reply> submit(EngineSession session, String name, Command command) {
        return command instanceof Command.Cancel
            ? CompletableFuture.completedFuture(new Reply.Done())
            : super.submit(session, name, command);
      }
    };
  }
}
