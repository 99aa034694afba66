package io.holdfast.rules;

import io.holdfast.rules.SpaceResult.Notice;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * All locks and sessions of a space as one deterministic state machine: the same commands in the
 * same order give the same replies, the same state and the same snapshot, on every replica. Time is
 * an argument and only recorded for people; whoever drives the machine decides when a session has
 * expired.
 *
 * <p>One version counter names everything: every command that changes the state makes a new
 * version, which is the id of the grants it makes, of the session it opens or of its renewal. So
 * ids only grow, across release, expiry and deletion.
 *
 * <p>Not thread-safe: there is one writer, and readers are synchronized with it.
 */
public final class LockSpace {

  /** A session and the names of all locks that it holds or waits for. */
  static final class Member {
    SpaceSession session;

    /** Sorted, so that a session leaves its locks in the same order on every replica. */
    final Set<String> names = new TreeSet<>();

    Member(SpaceSession session) {
      this.session = session;
    }
  }

  private final PackedRecords records = new PackedRecords();
  private final NavigableMap<Long, Member> members = new TreeMap<>();
  private long version;

  /**
   * An empty space.
   *
   * @param version all ids will be larger than this; 0 or more
   */
  public LockSpace(long version) {
    if (version < 0) {
      throw new IllegalArgumentException("a version is 0 or more, not " + version);
    }
    this.version = version;
  }

  /**
   * Applies a command.
   *
   * @param now the time in milliseconds since the epoch, recorded for people
   * @throws IllegalArgumentException if the command can never be right; nothing was changed
   * @throws IllegalStateException if an invariant is broken: stop using this space
   */
  public SpaceResult apply(SpaceCommand command, long now) {
    if (command instanceof SpaceCommand.OnLock order) {
      return onLock(order.name(), order.command(), now);
    }
    if (command instanceof SpaceCommand.OpenSession open) {
      return result(open(open));
    }
    if (command instanceof SpaceCommand.Renew renew) {
      return result(renew(renew.session()));
    }
    if (command instanceof SpaceCommand.CloseSession close) {
      return end(close.session(), now);
    }
    SpaceCommand.ExpireSession expire = (SpaceCommand.ExpireSession) command;
    Member member = members.get(expire.session());
    return member != null && member.session.renewal() > expire.renewal()
        ? result(new SpaceReply.SessionAlive())
        : end(expire.session(), now);
  }

  /** The version that the latest change made. */
  public long version() {
    return version;
  }

  /** How many locks are not at rest. */
  public int size() {
    return records.size();
  }

  /** A lock's record; empty if it is at rest. */
  public Optional<LockRecord> read(String name) {
    return Optional.ofNullable(records.get(name));
  }

  /**
   * Lists the locks that are not at rest by name, in the order of {@link String#compareTo}.
   *
   * @param prefix only names that begin with it; may be empty
   * @param after only names after this; may be empty
   * @param limit how many at most
   */
  public SortedMap<String, LockRecord> list(String prefix, String after, int limit) {
    return records.list(prefix, after, limit);
  }

  /** A session; empty if it is not open. */
  public Optional<SpaceSession> session(long id) {
    return Optional.ofNullable(members.get(id)).map(member -> member.session);
  }

  /** The open sessions, oldest first. */
  public List<SpaceSession> sessions() {
    return members.values().stream().map(member -> member.session).toList();
  }

  /** The whole state in binary form, for {@link #restore}. */
  public byte[] snapshot() {
    return SpaceCodec.encode(version, sessions(), records);
  }

  /**
   * The space of which a snapshot was taken.
   *
   * @throws UnknownFormatException if the bytes are not a snapshot, or one of a newer format
   */
  public static LockSpace restore(byte[] snapshot) {
    return SpaceCodec.decode(snapshot);
  }

  /** Puts a session of a snapshot in its place. */
  void restore(SpaceSession session) {
    members.put(session.id(), new Member(session));
  }

  /**
   * Puts a record of a snapshot in its place.
   *
   * @return whether all its sessions are open
   */
  boolean restore(String name, LockRecord record) {
    Set<Long> present = new HashSet<>();
    record.grants().forEach(grant -> present.add(grant.request().session()));
    record.queue().forEach(waiter -> present.add(waiter.request().session()));
    if (!members.keySet().containsAll(present)) {
      return false;
    }
    records.put(name, record);
    present.forEach(session -> index(name, session));
    return true;
  }

  private SpaceReply open(SpaceCommand.OpenSession open) {
    version++;
    SpaceSession session =
        new SpaceSession(version, open.ttlMillis(), open.node(), open.host(), open.pid(), version);
    members.put(version, new Member(session));
    return new SpaceReply.SessionOpened(version);
  }

  private SpaceReply renew(long id) {
    Member member = members.get(id);
    if (member == null) {
      return new SpaceReply.SessionEnded();
    }
    version++;
    member.session = member.session.renewed(version);
    return new SpaceReply.SessionRenewed(version);
  }

  private SpaceResult end(long id, long now) {
    Member member = members.remove(id);
    List<Notice> notices = new ArrayList<>();
    if (member != null) {
      version++;
      for (String name : member.names) {
        Transition transition =
            LockRules.apply(records.get(name), new Command.Expire(id), now).resolved(version);
        records.put(name, transition.record());
        tell(name, transition.events(), notices);
      }
    }
    return new SpaceResult(new SpaceReply.SessionEnded(), notices);
  }

  private SpaceResult onLock(String name, Command command, long now) {
    boolean operator = command instanceof Command.ForceRelease;
    if (!operator && !members.containsKey(command.session())) {
      return result(new SpaceReply.SessionEnded());
    }
    Transition transition = LockRules.apply(records.get(name), command, now);
    if (!transition.changed()) {
      return result(new SpaceReply.OfLock(transition.reply()));
    }
    version++;
    Transition made = transition.resolved(version);
    records.put(name, made.record());
    Set<Long> touched = new HashSet<>();
    touched.add(command.session());
    made.events().forEach(event -> touched.add(event.request().session()));
    reindex(name, made.record(), touched);
    List<Notice> notices = new ArrayList<>();
    tell(name, made.events(), notices);
    return new SpaceResult(new SpaceReply.OfLock(made.reply()), notices);
  }

  /**
   * Brings the index of sessions up to date with a record.
   *
   * @param touched the sessions that may have come to the record or left it; used up
   */
  private void reindex(String name, @Nullable LockRecord after, Set<Long> touched) {
    if (after != null) {
      for (Grant grant : after.grants()) {
        if (touched.remove(grant.request().session())) {
          index(name, grant.request().session());
        }
      }
      // The latest waiter is the likeliest to be looked for.
      List<Waiter> queue = after.queue();
      for (int i = queue.size() - 1; i >= 0 && !touched.isEmpty(); i--) {
        if (touched.remove(queue.get(i).request().session())) {
          index(name, queue.get(i).request().session());
        }
      }
    }
    for (long session : touched) {
      Member member = members.get(session);
      if (member != null) {
        member.names.remove(name);
      }
    }
  }

  private void index(String name, long session) {
    Member member = members.get(session);
    if (member != null) {
      member.names.add(records.canonical(name));
    }
  }

  /** Events of a session that has just ended have no addressee any more. */
  private void tell(String name, List<Event> events, List<Notice> notices) {
    for (Event event : events) {
      if (members.containsKey(event.request().session())) {
        notices.add(new Notice(name, event));
      }
    }
  }

  private static SpaceResult result(SpaceReply reply) {
    return new SpaceResult(reply, List.of());
  }
}
