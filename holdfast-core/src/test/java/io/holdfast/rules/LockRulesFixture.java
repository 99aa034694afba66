package io.holdfast.rules;

import io.holdfast.rules.Command.Acquire;
import io.holdfast.rules.Command.Patience;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One record, and the rules applied to it. Each request is of a session of its own, with the same
 * number.
 */
abstract class LockRulesFixture {

  static final LockKind SLOTS = LockKind.semaphore(4);
  static final long NOW = 1_700_000_000_000L;

  @Nullable LockRecord record;
  long version;
  List<Event> events = List.of();

  Reply apply(Command command) {
    Transition raw = LockRules.apply(record, command, NOW);
    version += raw.changed() ? 1 : 0;
    Transition made = raw.resolved(Math.max(1, version));
    record = made.record();
    events = made.events();
    return made.reply();
  }

  void take(LockKind kind, Mode mode, int... requests) {
    for (int request : requests) {
      apply(want(request, kind, mode));
    }
  }

  static Acquire want(int request, LockKind kind, Mode mode) {
    return new Acquire(id(request), kind, mode, "owner", true, Patience.QUEUE);
  }

  static Acquire tryFor(int request, LockKind kind, Mode mode) {
    return new Acquire(id(request), kind, mode, "owner", true, Patience.TRY);
  }

  static RequestId id(int request) {
    return new RequestId(request, request);
  }

  List<Long> holders() {
    return record == null
        ? List.of()
        : record.grants().stream().map(grant -> grant.request().number()).toList();
  }

  List<Long> waiters() {
    return record == null
        ? List.of()
        : record.queue().stream().map(waiter -> waiter.request().number()).toList();
  }
}
