package io.holdfast.rules;

import static io.holdfast.rules.Command.Patience.QUEUE;
import static io.holdfast.rules.Command.Patience.TRY;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/**
 * Makes random but sensible commands for a {@link LockSpace}. What a line means depends on the
 * state of the space alone, so that equal spaces get equal commands.
 */
final class RandomSpace {

  static final List<String> NAMES = List.of("a", "a/b", "b", "c/1", "c/2", "d\ud800", "é");

  private static final List<LockKind> KINDS =
      List.of(LockKind.MUTEX, LockKind.READ_WRITE, LockKind.semaphore(3));

  /**
   * One line of a script.
   *
   * @param action 0 to 99
   * @param pick which session and lock
   * @param bits the small choices
   */
  record Line(int action, int pick, int bits) {}

  private RandomSpace() {}

  static Arbitrary<List<Line>> scripts() {
    Arbitrary<Integer> hundred = Arbitraries.integers().between(0, 99);
    Arbitrary<Integer> many = Arbitraries.integers().between(0, 1_000);
    return Combinators.combine(hundred, many, many)
        .as(Line::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(120);
  }

  /** The command that a line means for a space. */
  static SpaceCommand command(LockSpace space, Line line) {
    List<SpaceSession> sessions = space.sessions();
    if (sessions.size() < 2 || (line.action() < 6 && sessions.size() < 6)) {
      return new SpaceCommand.OpenSession(10_000, "node-" + line.bits(), "host", line.bits());
    }
    SpaceSession session = sessions.get(line.pick() % sessions.size());
    if (line.action() < 10) {
      return new SpaceCommand.Renew(session.id());
    }
    if (line.action() < 12) {
      return new SpaceCommand.CloseSession(session.id());
    }
    if (line.action() < 15) {
      long renewal = line.bits() % 2 == 0 ? session.renewal() : session.renewal() - 1;
      return new SpaceCommand.ExpireSession(session.id(), renewal);
    }
    if (line.action() < 17) {
      return new SpaceCommand.Renew(session.id() + 1_000_000);
    }
    String name = NAMES.get(line.bits() % NAMES.size());
    return new SpaceCommand.OnLock(name, onLock(space, session, name, line));
  }

  private static Command onLock(LockSpace space, SpaceSession session, String name, Line line) {
    List<RequestId> present = new ArrayList<>();
    Optional<LockRecord> record = space.read(name);
    record.ifPresent(
        found -> {
          found.grants().forEach(grant -> present.add(grant.request()));
          found.queue().forEach(waiter -> present.add(waiter.request()));
        });
    if (present.isEmpty() || line.action() < 60) {
      // The next version is a number that this session has never used.
      RequestId request = new RequestId(session.id(), space.version() + 1);
      LockKind kind = KINDS.get(NAMES.indexOf(name) % KINDS.size());
      boolean tries = line.bits() % 5 == 0;
      return new Command.Acquire(
          request, kind, mode(kind, line.bits()), "owner", true, tries ? TRY : QUEUE);
    }
    RequestId request = present.get(line.pick() % present.size());
    return switch (line.action() % 8) {
      case 0, 1, 2 -> new Command.Release(request);
      case 3 -> new Command.Cancel(request);
      case 4 -> new Command.Decline(request);
      case 5 -> new Command.Downgrade(request);
      case 6 -> new Command.Refresh(request);
      default ->
          new Command.ForceRelease(
              request, record.flatMap(found -> found.grant(request)).map(Grant::id).orElse(1L));
    };
  }

  private static Mode mode(LockKind kind, int bits) {
    return switch (kind.type()) {
      case MUTEX -> Mode.EXCLUSIVE;
      case READ_WRITE -> bits % 2 == 0 ? Mode.SHARED : Mode.EXCLUSIVE;
      case SEMAPHORE -> Mode.permits(1 + bits % kind.permits());
    };
  }
}
