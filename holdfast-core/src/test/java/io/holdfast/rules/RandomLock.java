package io.holdfast.rules;

import static io.holdfast.rules.Command.Patience.QUEUE;
import static io.holdfast.rules.Command.Patience.TRY;

import io.holdfast.rules.Command.Acquire;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;
import org.jspecify.annotations.Nullable;

/**
 * Plays random commands against one lock. A script is generated blindly; what its numbers refer to
 * is decided while it is played, so that every shrunk script is a valid one.
 */
final class RandomLock {

  private static final int CLIENTS = 4;

  /** What a line of a script asks for. */
  enum Action {
    ACQUIRE,
    ACQUIRE_AGAIN,
    RELEASE,
    CANCEL,
    DECLINE,
    DOWNGRADE,
    UPGRADE,
    REFRESH,
    EXPIRE,
    FORCE_RELEASE
  }

  /**
   * One line of a script.
   *
   * @param client which client acts
   * @param pick which of the present or past requests is meant
   * @param bits the small choices
   */
  record Line(Action action, int client, int pick, int bits) {}

  /** A script for a kind of lock. */
  record Script(LockKind kind, List<Line> lines) {}

  /** One command and what it did; ids are resolved with {@code version}. */
  record Step(
      @Nullable LockRecord before, Command command, Transition raw, Transition made, long version) {

    List<Grant> grantsBefore() {
      return before == null ? List.of() : before.grants();
    }

    List<Waiter> queueBefore() {
      return before == null ? List.of() : before.queue();
    }

    List<Grant> grantsAfter() {
      return made.record() == null ? List.of() : made.record().grants();
    }

    List<Waiter> queueAfter() {
      return made.record() == null ? List.of() : made.record().queue();
    }
  }

  /** Looks at every step. */
  @FunctionalInterface
  interface Observer {
    void see(LockKind kind, Step step);
  }

  private final LockKind kind;
  private final Map<Integer, Long> sessions = new HashMap<>();
  private final List<Acquire> asked = new ArrayList<>();
  private @Nullable LockRecord record;
  private long version = 1_000;
  private long lastSession;
  private long lastNumber;

  private RandomLock(LockKind kind) {
    this.kind = kind;
  }

  /** Scripts in which all actions occur, acquiring and releasing most often. */
  static Arbitrary<Script> scripts() {
    Arbitrary<LockKind> kinds =
        Arbitraries.frequencyOf(
            Tuple.of(2, Arbitraries.just(LockKind.MUTEX)),
            Tuple.of(5, Arbitraries.just(LockKind.READ_WRITE)),
            Tuple.of(3, Arbitraries.integers().between(1, 5).map(LockKind::semaphore)));
    Arbitrary<Action> actions =
        Arbitraries.frequency(
            Tuple.of(12, Action.ACQUIRE),
            Tuple.of(2, Action.ACQUIRE_AGAIN),
            Tuple.of(7, Action.RELEASE),
            Tuple.of(3, Action.CANCEL),
            Tuple.of(2, Action.DECLINE),
            Tuple.of(2, Action.DOWNGRADE),
            Tuple.of(2, Action.UPGRADE),
            Tuple.of(1, Action.REFRESH),
            Tuple.of(1, Action.EXPIRE),
            Tuple.of(1, Action.FORCE_RELEASE));
    Arbitrary<Line> lines =
        Combinators.combine(
                actions,
                Arbitraries.integers().between(0, CLIENTS - 1),
                Arbitraries.integers().between(0, 1_000),
                Arbitraries.integers().between(0, 1_000))
            .as(Line::new);
    return Combinators.combine(kinds, lines.list().ofMinSize(1).ofMaxSize(80)).as(Script::new);
  }

  /** Plays a script and shows every step to the observer. */
  static void play(Script script, Observer observer) {
    RandomLock lock = new RandomLock(script.kind());
    for (Line line : script.lines()) {
      Command command = lock.command(line);
      Transition raw = LockRules.apply(lock.record, command, lock.version);
      long version = raw.changed() ? ++lock.version : lock.version;
      Transition made = raw.resolved(version);
      observer.see(script.kind(), new Step(lock.record, command, raw, made, version));
      lock.record = made.record();
    }
  }

  static boolean holds(List<Grant> grants, Mode mode) {
    return grants.stream().anyMatch(grant -> grant.mode().equals(mode));
  }

  static Set<RequestId> grantees(List<Grant> grants) {
    return grants.stream().map(Grant::request).collect(Collectors.toSet());
  }

  static Set<RequestId> requests(List<Waiter> queue) {
    return queue.stream().map(Waiter::request).collect(Collectors.toSet());
  }

  private Command command(Line line) {
    return switch (line.action()) {
      case ACQUIRE -> remember(acquire(line));
      case ACQUIRE_AGAIN -> again(line);
      case RELEASE -> new Command.Release(pick(line));
      case CANCEL -> new Command.Cancel(pick(line));
      case DECLINE -> new Command.Decline(pick(line));
      case DOWNGRADE -> new Command.Downgrade(pick(line));
      case UPGRADE -> new Command.Upgrade(pick(line));
      case REFRESH -> new Command.Refresh(pick(line));
      case EXPIRE -> {
        Long session = sessions.remove(line.client());
        yield new Command.Expire(session == null ? ++lastSession : session);
      }
      case FORCE_RELEASE -> {
        RequestId request = pick(line);
        long id = record == null ? 1 : record.grant(request).map(Grant::id).orElse(1L);
        yield new Command.ForceRelease(request, line.bits() % 3 == 0 ? id + 1 : id);
      }
    };
  }

  private Acquire remember(Acquire acquire) {
    asked.add(acquire);
    return acquire;
  }

  private Acquire acquire(Line line) {
    long session = sessions.computeIfAbsent(line.client(), client -> ++lastSession);
    int bits = line.bits();
    // Now and then somebody takes the name for another kind of lock.
    LockKind asKind =
        bits % 41 == 0 ? (kind == LockKind.MUTEX ? LockKind.READ_WRITE : LockKind.MUTEX) : kind;
    if (record == null) {
      asKind = kind;
    }
    Mode mode =
        switch (asKind.type()) {
          case MUTEX -> Mode.EXCLUSIVE;
          case READ_WRITE -> bits % 2 == 0 ? Mode.SHARED : Mode.EXCLUSIVE;
          case SEMAPHORE -> Mode.permits(1 + bits % asKind.permits());
        };
    return new Acquire(
        new RequestId(session, ++lastNumber),
        asKind,
        mode,
        "owner-" + line.client(),
        bits % 5 != 0,
        bits % 7 < 3 ? TRY : QUEUE);
  }

  /** A repeated message of a request that is still there, or else a new one. */
  private Acquire again(Line line) {
    List<Acquire> live =
        asked.stream()
            .filter(
                one ->
                    record != null
                        && (record.grant(one.request()).isPresent()
                            || record.waiter(one.request()).isPresent()))
            .toList();
    return live.isEmpty() ? remember(acquire(line)) : live.get(line.pick() % live.size());
  }

  /** A present grant mostly, sometimes a waiter, sometimes any request that ever was. */
  private RequestId pick(Line line) {
    if (record != null && line.bits() % 10 < 5 && !record.grants().isEmpty()) {
      return record.grants().get(line.pick() % record.grants().size()).request();
    }
    if (record != null && line.bits() % 10 < 8 && !record.queue().isEmpty()) {
      return record.queue().get(line.pick() % record.queue().size()).request();
    }
    if (asked.isEmpty()) {
      return new RequestId(1, 1_000_000);
    }
    return asked.get(line.pick() % asked.size()).request();
  }
}
