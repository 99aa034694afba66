package io.holdfast.rules;

import java.util.ArrayList;
import java.util.List;

/**
 * The binary form in which stores keep a {@link LockRecord}. Thread-safe.
 *
 * <p>All numbers are varints. A record is: format version (1) · kind (0 mutex, 1 read-write, 2
 * semaphore and its permits) · number of grants · grants · number of waiters · waiters. A grant is:
 * flags · permits, if flagged · session · request number · id · owner · since. A waiter has no id.
 * The flags say the mode in two bits (0 exclusive, 1 shared, 2 permits), then whether it is
 * retainable and whether it is a TRY waiter.
 */
public final class RecordCodec {

  /** The format version that is written and understood. */
  static final int VERSION = 1;

  private static final int MODE_BITS = 3;
  private static final int RETAINABLE = 4;
  private static final int TRY_ONLY = 8;

  /** The fewest bytes that a waiter can have: flags, session, number, owner length, since. */
  private static final int LEAST_BYTES = 5;

  /** Stored as the place in this list: append only. */
  private static final List<LockKind.Type> KINDS =
      List.of(LockKind.Type.MUTEX, LockKind.Type.READ_WRITE, LockKind.Type.SEMAPHORE);

  /** Stored as the place in this list: append only. */
  private static final List<Mode.Type> MODES =
      List.of(Mode.Type.EXCLUSIVE, Mode.Type.SHARED, Mode.Type.PERMITS);

  private RecordCodec() {}

  /**
   * Writes a record. Grants whose id is {@link Grant#UNRESOLVED} are marked as made by this very
   * write.
   */
  public static byte[] encode(LockRecord record) {
    ByteSink out = new ByteSink(48 + 32 * (record.grants().size() + record.queue().size()));
    out.putByte(VERSION);
    out.putByte(KINDS.indexOf(record.kind().type()));
    if (record.kind().type() == LockKind.Type.SEMAPHORE) {
      out.putVarint(record.kind().permits());
    }
    out.putVarint(record.grants().size());
    for (Grant grant : record.grants()) {
      putMode(out, grant.mode(), grant.retainable() ? RETAINABLE : 0);
      putRequest(out, grant.request());
      out.putVarint(grant.id());
      out.putString(grant.owner());
      out.putSigned(grant.since());
    }
    out.putVarint(record.queue().size());
    for (Waiter waiter : record.queue()) {
      int flags = (waiter.retainable() ? RETAINABLE : 0) | (waiter.tryOnly() ? TRY_ONLY : 0);
      putMode(out, waiter.mode(), flags);
      putRequest(out, waiter.request());
      out.putString(waiter.owner());
      out.putSigned(waiter.since());
    }
    return out.toByteArray();
  }

  /**
   * Reads a record. Memory is bounded by a small multiple of the bytes given, whatever they are.
   *
   * @param bytes from {@link #encode}
   * @param version the version of the write that stored them, 1 or more: the id of every grant that
   *     was made by that write
   * @throws UnknownFormatException if a newer Holdfast or something else wrote them
   * @throws IllegalArgumentException if the version is not positive
   */
  public static LockRecord decode(byte[] bytes, long version) {
    if (version <= Grant.UNRESOLVED) {
      throw new IllegalArgumentException("the version of a write is positive, not " + version);
    }
    ByteSource in = new ByteSource(bytes, "lock record");
    in.requireVersion(VERSION);
    LockKind kind = readKind(in);
    List<Grant> grants = new ArrayList<>();
    for (int rest = in.readCount(Integer.MAX_VALUE, LEAST_BYTES + 1); rest > 0; rest--) {
      grants.add(readGrant(in, kind, version));
    }
    List<Waiter> queue = new ArrayList<>();
    for (int rest = in.readCount(LockRules.MAX_WAITERS, LEAST_BYTES); rest > 0; rest--) {
      queue.add(readWaiter(in, kind));
    }
    in.requireEnd();
    return new LockRecord(kind, grants, queue);
  }

  static void putMode(ByteSink out, Mode mode, int flags) {
    out.putByte(MODES.indexOf(mode.type()) | flags);
    if (mode.type() == Mode.Type.PERMITS) {
      out.putVarint(mode.permits());
    }
  }

  private static void putRequest(ByteSink out, RequestId request) {
    out.putVarint(request.session());
    out.putVarint(request.number());
  }

  private static LockKind readKind(ByteSource in) {
    LockKind.Type type = KINDS.get((int) in.readVarint(0, KINDS.size() - 1));
    int permits = type == LockKind.Type.SEMAPHORE ? (int) in.readVarint(1, Integer.MAX_VALUE) : 0;
    return new LockKind(type, permits);
  }

  private static Grant readGrant(ByteSource in, LockKind kind, long version) {
    int flags = readFlags(in, RETAINABLE);
    Mode mode = readMode(in, flags, kind);
    RequestId request = readRequest(in);
    long id = in.readVarint(Grant.UNRESOLVED, Long.MAX_VALUE);
    String owner = in.readString(LockRules.MAX_OWNER_LENGTH);
    return new Grant(
        request,
        mode,
        id == Grant.UNRESOLVED ? version : id,
        owner,
        (flags & RETAINABLE) != 0,
        in.readSigned());
  }

  private static Waiter readWaiter(ByteSource in, LockKind kind) {
    int flags = readFlags(in, RETAINABLE | TRY_ONLY);
    Mode mode = readMode(in, flags, kind);
    RequestId request = readRequest(in);
    String owner = in.readString(LockRules.MAX_OWNER_LENGTH);
    boolean retainable = (flags & RETAINABLE) != 0;
    boolean tryOnly = (flags & TRY_ONLY) != 0;
    return new Waiter(request, mode, owner, retainable, tryOnly, in.readSigned());
  }

  private static int readFlags(ByteSource in, int known) {
    int flags = in.readByte();
    if ((flags & ~(MODE_BITS | known)) != 0) {
      throw in.malformed("the flags " + flags + " are not known");
    }
    return flags;
  }

  private static Mode readMode(ByteSource in, int flags, LockKind kind) {
    Mode mode = readMode(in, flags);
    if (!kind.allows(mode)) {
      throw in.malformed("a " + kind + " cannot be held as " + mode);
    }
    return mode;
  }

  /** Reads a mode that was written without further flags. */
  static Mode readMode(ByteSource in) {
    return readMode(in, readFlags(in, 0));
  }

  private static Mode readMode(ByteSource in, int flags) {
    int code = flags & MODE_BITS;
    if (code >= MODES.size()) {
      throw in.malformed("the mode " + code + " is not known");
    }
    Mode.Type type = MODES.get(code);
    int permits = type == Mode.Type.PERMITS ? (int) in.readVarint(1, Integer.MAX_VALUE) : 0;
    return new Mode(type, permits);
  }

  private static RequestId readRequest(ByteSource in) {
    return new RequestId(in.readVarint(1, Long.MAX_VALUE), in.readVarint(1, Long.MAX_VALUE));
  }
}
