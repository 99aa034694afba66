package io.holdfast.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.rules.SpaceCommand.CloseSession;
import io.holdfast.rules.SpaceCommand.ExpireSession;
import io.holdfast.rules.SpaceCommand.OnLock;
import io.holdfast.rules.SpaceCommand.OpenSession;
import io.holdfast.rules.SpaceCommand.Renew;
import io.holdfast.rules.SpaceResult.Notice;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** A space by example. */
@Isolated("measures the heap")
class LockSpaceTest {

  private final LockSpace space = new LockSpace(0);

  @Test
  void anUnknownSessionHasEnded() {
    SpaceReply ended = new SpaceReply.SessionEnded();
    assertThat(apply(new Renew(7)).reply()).isEqualTo(ended);
    assertThat(apply(acquire(7, "a", 1)).reply()).isEqualTo(ended);
    assertThat(apply(new CloseSession(7)).reply()).isEqualTo(ended);
    assertThat(apply(new ExpireSession(7, 1)).reply()).isEqualTo(ended);
    assertThat(space.version()).isZero();
  }

  @Test
  void aClosedSessionHandsItsLocksOn() {
    long one = open();
    long two = open();
    apply(acquire(one, "b", 1));
    apply(acquire(one, "a", 2));
    apply(acquire(two, "a", 1));
    apply(acquire(two, "b", 2));
    SpaceResult closed = apply(new CloseSession(one));
    long version = space.version();
    assertThat(closed.notices())
        .containsExactly(
            new Notice("a", new Event.Granted(new RequestId(two, 1), version)),
            new Notice("b", new Event.Granted(new RequestId(two, 2), version)));
    apply(new CloseSession(two));
    assertThat(space.size()).isZero();
    assertThat(space.sessions()).isEmpty();
  }

  @Test
  void aLaterRenewalWinsOverExpiry() {
    long session = open();
    apply(acquire(session, "a", 1));
    assertThat(apply(new Renew(session)).reply())
        .isEqualTo(new SpaceReply.SessionRenewed(space.version()));
    assertThat(apply(new ExpireSession(session, session)).reply())
        .isEqualTo(new SpaceReply.SessionAlive());
    assertThat(space.read("a")).isPresent();
    assertThat(apply(new ExpireSession(session, space.version())).reply())
        .isEqualTo(new SpaceReply.SessionEnded());
    assertThat(space.read("a")).isEmpty();
  }

  @Test
  void anOperatorNeedsNoSession() {
    long session = open();
    apply(acquire(session, "a", 1));
    RequestId request = new RequestId(session, 1);
    SpaceResult forced = apply(new OnLock("a", new Command.ForceRelease(request, space.version())));
    assertThat(forced.reply()).isEqualTo(new SpaceReply.OfLock(new Reply.Done()));
    assertThat(forced.notices()).containsExactly(new Notice("a", new Event.Ended(request)));
    assertThat(space.size()).isZero();
  }

  @Test
  void aSessionEndsAsAWhole() {
    assertThatThrownBy(() -> new OnLock("a", new Command.Expire(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aRefusedCommandChangesNothing() {
    long session = open();
    Command wrong =
        new Command.Acquire(
            new RequestId(session, 1),
            LockKind.MUTEX,
            Mode.SHARED,
            "o",
            true,
            Command.Patience.QUEUE);
    byte[] before = space.snapshot();
    assertThatThrownBy(() -> apply(new OnLock("a", wrong)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(space.snapshot()).isEqualTo(before);
  }

  @Test
  void idsAreLargerThanTheStart() {
    LockSpace later = new LockSpace(1_000);
    assertThat(later.apply(new OpenSession(1, "n", "h", 1), 0).reply())
        .isEqualTo(new SpaceReply.SessionOpened(1_001));
    assertThatThrownBy(() -> new LockSpace(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aSnapshotOfANewerFormatIsRefused() {
    byte[] bytes = space.snapshot();
    bytes[0] = 2;
    assertThatThrownBy(() -> LockSpace.restore(bytes))
        .isInstanceOf(UnknownFormatException.class)
        .hasMessageContaining("snapshot of a lock space of format version 2");
  }

  @Property
  void arbitraryBytesAreNoSnapshot(@ForAll @Size(max = 100) byte[] bytes) {
    restoreOrRefuse(bytes);
  }

  @Property
  void damagedSnapshotsAreRefusedOrUnderstood(@ForAll int place, @ForAll byte wrong) {
    LockSpace good = new LockSpace(0);
    good.apply(new OpenSession(10_000, "node", "host", 1), 0);
    good.apply(new OpenSession(10_000, "node", "host", 2), 0);
    good.apply(acquire(1, "a", 1), 0);
    good.apply(acquire(2, "a", 1), 0);
    good.apply(acquire(2, "b", 2), 0);
    byte[] bytes = good.snapshot();
    bytes[Math.floorMod(place, bytes.length)] = wrong;
    restoreOrRefuse(bytes);
  }

  /**
   * The budget is 200 bytes for each held lock beside its name. Heap is measured as used memory
   * after collection, so the test allows for some noise.
   */
  @Test
  void aHeldLockIsSmall() {
    int locks = 200_000;
    long session = open();
    long before = usedMemory();
    for (int i = 0; i < locks; i++) {
      apply(acquire(session, "orders/" + (1_000_000 + i), i + 1));
    }
    long used = usedMemory() - before;
    assertThat(space.size()).isEqualTo(locks);
    int nameBytes = "orders/1000000".length();
    assertThat(used / locks - nameBytes).as("bytes per held lock").isLessThanOrEqualTo(200);
  }

  private static long usedMemory() {
    Runtime runtime = Runtime.getRuntime();
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static void restoreOrRefuse(byte[] bytes) {
    try {
      LockSpace restored = LockSpace.restore(bytes);
      assertThat(LockSpace.restore(restored.snapshot()).snapshot()).isEqualTo(restored.snapshot());
    } catch (UnknownFormatException refused) {
      assertThat(refused).hasMessageContaining("found");
    }
  }

  private SpaceResult apply(SpaceCommand command) {
    return space.apply(command, 0);
  }

  private long open() {
    SpaceReply reply = apply(new OpenSession(10_000, "node", "host", 1)).reply();
    return ((SpaceReply.SessionOpened) reply).session();
  }

  private static OnLock acquire(long session, String name, long number) {
    return new OnLock(
        name,
        new Command.Acquire(
            new RequestId(session, number),
            LockKind.MUTEX,
            Mode.EXCLUSIVE,
            "thread-12",
            true,
            Command.Patience.QUEUE));
  }
}
