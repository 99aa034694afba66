package io.holdfast.tck;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment;
import io.holdfast.engine.LockView;
import io.holdfast.rules.Command;
import io.holdfast.rules.Command.Acquire;
import io.holdfast.rules.Grant;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

/** Engines that treat a command wrongly. */
final class BrokenCommands {

  private BrokenCommands() {}

  static List<PlantedBug> all() {
    return List.of(
        PlantedBug.around("late release frees the new holder", "r2_3_", LateRelease::new),
        PlantedBug.around("repeated acquire is a new request", "r1_4_", RepeatedAcquire::new),
        PlantedBug.around("cancel leaves a granted request", "r2_6_", TimidCancel::new),
        rewriting(
            "release withdraws a waiter",
            "r2_4_",
            command ->
                command instanceof Command.Release release
                    ? new Command.Cancel(release.request())
                    : command),
        rewriting(
            "TRY queues for ever",
            "r6_6_",
            command -> command instanceof Acquire acquire ? patient(acquire) : command),
        rewriting(
            "decline is ignored",
            "r6_5_",
            command ->
                command instanceof Command.Decline decline
                    ? new Command.Decline(new RequestId(decline.request().session(), 1_000_000))
                    : command),
        rewriting(
            "downgrade keeps readers out",
            "r7_4_",
            command ->
                command instanceof Command.Downgrade downgrade
                    ? new Command.Refresh(downgrade.request())
                    : command),
        rewriting(
            "one permit too many",
            "r8_2_",
            command -> command instanceof Acquire acquire ? morePermits(acquire) : command),
        rewriting(
            "plain and read-write locks are the same",
            "r10_3_",
            command -> command instanceof Acquire acquire ? oneKind(acquire) : command),
        rewriting(
            "owner labels are cut",
            "r10_5_",
            command -> command instanceof Acquire acquire ? cutLabel(acquire) : command),
        rewriting(
            "no reader is let past",
            "r14_4_",
            command ->
                command instanceof Command.Pass pass
                    ? new Command.Decline(pass.request())
                    : command),
        PlantedBug.around("upgrade waits", "r7_3_", WaitingUpgrade::new),
        PlantedBug.around("readers have ids of their own", "r5_5_", ReaderIds::new),
        PlantedBug.around("a release may be overtaken", "r1_8_", SlowRelease::new),
        PlantedBug.around("names ignore case", "r10_2_", CaselessNames::new));
  }

  private static PlantedBug rewriting(
      String title, String caughtBy, UnaryOperator<Command> rewrite) {
    return PlantedBug.around(
        title,
        caughtBy,
        good ->
            new EngineFilter(good) {
              @Override
              CompletionStage<Reply> submit(EngineSession session, String name, Command command) {
                return session.submit(name, rewrite.apply(command));
              }
            });
  }

  private static Acquire patient(Acquire acquire) {
    return copy(acquire, acquire.kind(), acquire.owner(), Command.Patience.QUEUE);
  }

  private static Acquire morePermits(Acquire acquire) {
    LockKind kind = acquire.kind();
    return kind.type() == LockKind.Type.SEMAPHORE
        ? copy(acquire, LockKind.semaphore(kind.permits() + 1), acquire.owner(), acquire.patience())
        : acquire;
  }

  private static Acquire oneKind(Acquire acquire) {
    return acquire.kind().equals(LockKind.MUTEX)
        ? copy(acquire, LockKind.READ_WRITE, acquire.owner(), acquire.patience())
        : acquire;
  }

  private static Acquire cutLabel(Acquire acquire) {
    String label = acquire.owner();
    return copy(
        acquire,
        acquire.kind(),
        label.substring(0, Math.min(label.length(), 64)),
        acquire.patience());
  }

  private static Acquire copy(
      Acquire acquire, LockKind kind, String owner, Command.Patience patience) {
    return new Acquire(
        acquire.request(), kind, acquire.mode(), owner, acquire.retainable(), patience);
  }

  /** Frees whoever holds the lock, as a store does that deletes by name. */
  private static final class LateRelease extends EngineFilter {
    LateRelease(Engine good) {
      super(good);
    }

    @Override
    CompletionStage<Reply> submit(EngineSession session, String name, Command command) {
      if (!(command instanceof Command.Release)) {
        return session.submit(name, command);
      }
      return read(name)
          .thenCompose(
              view -> {
                List<Grant> grants =
                    view.map(LockView::record).map(record -> record.grants()).orElse(List.of());
                if (grants.size() == 1 && grants.get(0).mode().equals(Mode.EXCLUSIVE)) {
                  forceRelease(name, grants.get(0).request(), grants.get(0).id());
                }
                return session.submit(name, command);
              });
    }
  }

  /** Does not remember requests. */
  private static final class RepeatedAcquire extends EngineFilter {
    private static final long FAR = 1_000_000;
    private final Set<RequestId> seen = ConcurrentHashMap.newKeySet();
    private final AtomicLong numbers = new AtomicLong(FAR);

    RepeatedAcquire(Engine good) {
      super(good);
    }

    @Override
    CompletionStage<Reply> submit(EngineSession session, String name, Command command) {
      if (command instanceof Acquire acquire && !seen.add(acquire.request())) {
        RequestId other = new RequestId(session.id(), numbers.incrementAndGet());
        return session.submit(
            name,
            new Acquire(
                other,
                acquire.kind(),
                acquire.mode(),
                acquire.owner(),
                acquire.retainable(),
                acquire.patience()));
      }
      return session.submit(name, command);
    }
  }

  /** Removes waiters only. */
  private static final class TimidCancel extends EngineFilter {
    TimidCancel(Engine good) {
      super(good);
    }

    @Override
    CompletionStage<Reply> submit(EngineSession session, String name, Command command) {
      if (!(command instanceof Command.Cancel cancel)) {
        return session.submit(name, command);
      }
      return read(name)
          .thenCompose(
              view ->
                  view.flatMap(seen -> seen.record().grant(cancel.request())).isPresent()
                      ? CompletableFuture.completedFuture(new Reply.Done())
                      : session.submit(name, command));
    }
  }

  /** Does not answer an upgrade that is not possible now. */
  private static final class WaitingUpgrade extends EngineFilter {
    WaitingUpgrade(Engine good) {
      super(good);
    }

    @Override
    CompletionStage<Reply> submit(EngineSession session, String name, Command command) {
      return session
          .submit(name, command)
          .thenCompose(
              reply ->
                  reply instanceof Reply.Rejected rejected
                          && rejected.reason() == Reply.Reason.NOT_SOLE_HOLDER
                      ? new CompletableFuture<>()
                      : CompletableFuture.completedFuture(reply));
    }
  }

  /** Numbers readers one by one. */
  private static final class ReaderIds extends EngineFilter {
    private static final AtomicLong READERS = new AtomicLong();

    ReaderIds(Engine good) {
      super(good);
    }

    @Override
    CompletionStage<Reply> submit(EngineSession session, String name, Command command) {
      boolean reader = command instanceof Acquire acquire && acquire.mode().equals(Mode.SHARED);
      return session
          .submit(name, command)
          .thenApply(
              reply ->
                  reader && reply instanceof Reply.Granted granted
                      ? new Reply.Granted(granted.id() + READERS.incrementAndGet())
                      : reply);
    }
  }

  /** Sends releases by another way than acquires. */
  private static final class SlowRelease extends EngineFilter {
    private final Environment environment;

    SlowRelease(Engine good, Environment environment) {
      super(good);
      this.environment = environment;
    }

    @Override
    CompletionStage<Reply> submit(EngineSession session, String name, Command command) {
      if (!(command instanceof Command.Release)) {
        return session.submit(name, command);
      }
      CompletableFuture<Void> late = new CompletableFuture<>();
      environment.scheduler().schedule(() -> late.complete(null), Duration.ofMillis(5));
      return late.thenCompose(now -> session.submit(name, command));
    }
  }

  /** Takes names for the same that differ in case. */
  private static final class CaselessNames extends EngineFilter {
    CaselessNames(Engine good) {
      super(good);
    }

    @Override
    CompletionStage<Reply> submit(EngineSession session, String name, Command command) {
      return session.submit(name.toLowerCase(Locale.ROOT), command);
    }

    @Override
    public CompletionStage<Optional<LockView>> read(String name) {
      return super.read(name.toLowerCase(Locale.ROOT));
    }
  }
}
