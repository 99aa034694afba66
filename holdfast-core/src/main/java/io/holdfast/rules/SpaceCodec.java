package io.holdfast.rules;

import java.util.List;

/**
 * The binary form of a {@link LockSpace}: format version (1) · the space's version · number of
 * sessions · sessions by number · number of records · names and records by name.
 */
final class SpaceCodec {

  private static final int VERSION = 1;

  /** The fewest bytes of a session: six numbers or lengths. */
  private static final int LEAST_SESSION = 6;

  /** The fewest bytes of a record with its name. */
  private static final int LEAST_RECORD = 5;

  private SpaceCodec() {}

  static byte[] encode(long version, List<SpaceSession> sessions, PackedRecords records) {
    ByteSink out = new ByteSink(64 + 64 * (sessions.size() + Math.min(1 << 20, records.size())));
    out.putByte(VERSION);
    out.putVarint(version);
    out.putVarint(sessions.size());
    for (SpaceSession session : sessions) {
      out.putVarint(session.id());
      out.putVarint(session.ttlMillis());
      out.putString(session.node());
      out.putString(session.host());
      out.putSigned(session.pid());
      out.putVarint(session.renewal());
    }
    out.putVarint(records.size());
    records.forEach(
        (name, record) -> {
          out.putString(name);
          out.putBytes(RecordCodec.encode(record));
        });
    return out.toByteArray();
  }

  static LockSpace decode(byte[] snapshot) {
    ByteSource in = new ByteSource(snapshot, "snapshot of a lock space");
    in.requireVersion(VERSION);
    long version = in.readVarint(0, Long.MAX_VALUE);
    LockSpace space = new LockSpace(version);
    long latest = 0;
    for (int rest = in.readCount(Integer.MAX_VALUE, LEAST_SESSION); rest > 0; rest--) {
      SpaceSession session = readSession(in, latest, version);
      space.restore(session);
      latest = session.id();
    }
    String last = "";
    for (int rest = in.readCount(Integer.MAX_VALUE, LEAST_RECORD); rest > 0; rest--) {
      String name = in.readString(Integer.MAX_VALUE);
      if (name.compareTo(last) <= 0) {
        throw in.malformed("the names are not in order");
      }
      restoreRecord(in, space, name);
      last = name;
    }
    in.requireEnd();
    return space;
  }

  private static SpaceSession readSession(ByteSource in, long latest, long version) {
    long id = in.readVarint(1, version);
    if (id <= latest) {
      throw in.malformed("the sessions are not in order");
    }
    return new SpaceSession(
        id,
        in.readVarint(1, Long.MAX_VALUE),
        in.readString(Integer.MAX_VALUE),
        in.readString(Integer.MAX_VALUE),
        in.readSigned(),
        in.readVarint(id, version));
  }

  private static void restoreRecord(ByteSource in, LockSpace space, String name) {
    byte[] bytes = in.readBytes();
    LockRecord record = RecordCodec.decode(bytes, Math.max(1, space.version()));
    if (record.atRest()) {
      throw in.malformed("the lock " + name + " is at rest and still has a record");
    }
    if (!space.restore(name, record)) {
      throw in.malformed("the lock " + name + " is used by a session that is not open");
    }
  }
}
