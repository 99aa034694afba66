package io.holdfast.tck;

import io.holdfast.engine.Environment;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.Grant;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.Mode;
import io.holdfast.rules.RecordCodec;
import io.holdfast.rules.Waiter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** Stores that are wrong below a good engine. */
final class BrokenStores {

  private BrokenStores() {}

  static List<PlantedBug> all() {
    return List.of(
        PlantedBug.below("ids go back after deletion", "r5_2_", OwnVersions::new),
        PlantedBug.below("the last one comes first", "r3_1_", Stack::new),
        PlantedBug.below("readers overtake waiting writers", "r3_6_", EagerReaders::new),
        PlantedBug.below("records at rest stay", "r11_1_", Garbage::new),
        PlantedBug.below("sessions end early", "r4_3_", EarlyExpiry::new),
        PlantedBug.below("sessions end late", "r4_2_", LateExpiry::new),
        PlantedBug.below("a dead session can be renewed", "r4_5_", Undead::new),
        PlantedBug.below("reports outlive their sessions", "r14_2_", Reports::new));
  }

  /** Counts versions per record, from 1 after each deletion. */
  private static final class OwnVersions extends HeapRecordStore {
    OwnVersions(String space, Environment environment) {
      super(space, environment);
    }

    @Override
    Stored stored(Write write, Stored before, long version) {
      return new Stored(before.version() + 1, write.bytes());
    }
  }

  /** Alters each record that is written. */
  private abstract static class Altering extends HeapRecordStore {
    Altering(String space, Environment environment) {
      super(space, environment);
    }

    @Override
    Stored stored(Write write, Stored before, long version) {
      byte[] bytes = write.bytes();
      if (bytes == null) {
        return new Stored(version, null);
      }
      LockRecord old =
          before.bytes() == null
              ? LockRecord.free(LockKind.MUTEX)
              : RecordCodec.decode(before.bytes(), before.version());
      LockRecord altered = altered(old, RecordCodec.decode(bytes, version));
      return new Stored(version, RecordCodec.encode(altered));
    }

    abstract LockRecord altered(LockRecord before, LockRecord next);
  }

  /** Puts a new waiter before all others. */
  private static final class Stack extends Altering {
    Stack(String space, Environment environment) {
      super(space, environment);
    }

    @Override
    LockRecord altered(LockRecord before, LockRecord next) {
      List<Waiter> queue = new ArrayList<>(next.queue());
      if (queue.size() > Math.max(1, before.queue().size())) {
        queue.add(0, queue.remove(queue.size() - 1));
      }
      return new LockRecord(next.kind(), next.grants(), queue);
    }
  }

  /** Lets readers in whenever readers are inside. */
  private static final class EagerReaders extends Altering {
    EagerReaders(String space, Environment environment) {
      super(space, environment);
    }

    @Override
    LockRecord altered(LockRecord before, LockRecord next) {
      List<Grant> grants = new ArrayList<>(next.grants());
      if (grants.isEmpty() || !grants.get(0).mode().equals(Mode.SHARED)) {
        return next;
      }
      List<Waiter> queue = new ArrayList<>();
      for (Waiter waiter : next.queue()) {
        if (waiter.mode().equals(Mode.SHARED)) {
          grants.add(
              new Grant(
                  waiter.request(),
                  waiter.mode(),
                  grants.get(0).id(),
                  waiter.owner(),
                  waiter.retainable(),
                  waiter.since()));
        } else {
          queue.add(waiter);
        }
      }
      return new LockRecord(next.kind(), grants, queue);
    }
  }

  /** Never deletes. */
  private static final class Garbage extends HeapRecordStore {
    Garbage(String space, Environment environment) {
      super(space, environment);
    }

    @Override
    Stored stored(Write write, Stored before, long version) {
      byte[] rest = RecordCodec.encode(LockRecord.free(LockKind.MUTEX));
      return new Stored(version, write.bytes() == null ? rest : write.bytes());
    }
  }

  /** Ends sessions after two fifths of their TTL. */
  private static final class EarlyExpiry extends HeapRecordStore {
    EarlyExpiry(String space, Environment environment) {
      super(space, environment);
    }

    @Override
    long lifetime(SessionTerms terms) {
      return terms.ttl().toNanos() / 5 * 2;
    }
  }

  /** Ends sessions after twice their TTL. */
  private static final class LateExpiry extends HeapRecordStore {
    LateExpiry(String space, Environment environment) {
      super(space, environment);
    }

    @Override
    long lifetime(SessionTerms terms) {
      return terms.ttl().toNanos() * 2;
    }
  }

  /** Keeps what a session reported when it is gone. */
  private static final class Reports extends HeapRecordStore {
    private static final Map<String, Map<Long, byte[]>> SPACES = new ConcurrentHashMap<>();

    private final Map<Long, byte[]> kept;

    Reports(String space, Environment environment) {
      super(space, environment);
      kept = SPACES.computeIfAbsent(space, fresh -> new ConcurrentHashMap<>());
    }

    @Override
    public CompletionStage<Void> publish(long session, byte[] report) {
      kept.put(session, report);
      return super.publish(session, report);
    }

    @Override
    public CompletionStage<Map<Long, byte[]>> published(Collection<Long> sessions) {
      return super.published(sessions)
          .thenApply(
              found -> {
                Map<Long, byte[]> all = new HashMap<>(kept);
                all.keySet().retainAll(Set.copyOf(sessions));
                all.putAll(found);
                return all;
              });
    }
  }

  /** Renews whoever asks. */
  private static final class Undead extends HeapRecordStore {
    Undead(String space, Environment environment) {
      super(space, environment);
    }

    @Override
    boolean renewable(boolean dead) {
      return true;
    }
  }
}
