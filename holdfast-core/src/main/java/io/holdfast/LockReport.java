package io.holdfast;

import io.holdfast.engine.LockView;
import io.holdfast.engine.SessionTerms;
import io.holdfast.node.Tokens;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import io.holdfast.rules.RequestId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who holds a lock and who waits for it, at one moment.
 *
 * @param name the lock
 * @param kind what kind of lock it is
 * @param holders the present holders, oldest first. A node may retain a lock that its last owner
 *     released; the engine cannot tell that from use
 * @param waiters who waits, in order
 */
public record LockReport(String name, LockKind kind, List<Holder> holders, List<Waiting> waiters) {

  /**
   * One node as its session describes it.
   *
   * @param session the session's number
   * @param node the node's name
   * @param host the machine
   * @param pid the process
   */
  public record Party(long session, String node, String host, long pid) {

    /**
     * The node of a session.
     *
     * @param terms what it said of itself; {@code null} if that is not known
     */
    public static Party of(long session, @Nullable SessionTerms terms) {
      return terms == null
          ? new Party(session, "unknown node", "unknown", 0)
          : new Party(session, terms.node(), terms.host(), terms.pid());
    }

    @Override
    public String toString() {
      return node + " (pid " + pid + " on host " + host + ")";
    }
  }

  /**
   * A holder.
   *
   * @param party the node
   * @param owner the owner that the node asked for: a thread or an id
   * @param mode how the lock is held
   * @param token the first fencing token of the grant; later ones of the same grant are larger
   * @param since when it was granted, by the wall clock of whoever granted
   * @param request the grant's identity, for {@link Inspector#forceRelease}
   * @param grant the grant's id, for {@link Inspector#forceRelease}
   */
  public record Holder(
      Party party,
      String owner,
      Mode mode,
      long token,
      Instant since,
      RequestId request,
      long grant) {}

  /**
   * A waiter.
   *
   * @param party the node
   * @param owner the owner that the node asks for
   * @param mode how the lock is asked for
   * @param since when it was queued
   */
  public record Waiting(Party party, String owner, Mode mode, Instant since) {}

  /** Takes unmodifiable copies. */
  public LockReport {
    holders = List.copyOf(holders);
    waiters = List.copyOf(waiters);
  }

  static LockReport of(LockView view) {
    List<Holder> holders =
        view.record().grants().stream()
            .map(
                grant ->
                    new Holder(
                        party(view, grant.request()),
                        grant.owner(),
                        grant.mode(),
                        Tokens.first(grant.id()),
                        Instant.ofEpochMilli(grant.since()),
                        grant.request(),
                        grant.id()))
            .toList();
    List<Waiting> waiters =
        view.record().queue().stream()
            .map(
                waiter ->
                    new Waiting(
                        party(view, waiter.request()),
                        waiter.owner(),
                        waiter.mode(),
                        Instant.ofEpochMilli(waiter.since())))
            .toList();
    return new LockReport(view.name(), view.record().kind(), holders, waiters);
  }

  private static Party party(LockView view, RequestId request) {
    return Party.of(request.session(), view.sessions().get(request.session()));
  }

  /**
   * One sentence for people.
   *
   * @param now the moment to count ages to
   */
  public String describe(Instant now) {
    StringBuilder text = new StringBuilder(name);
    if (holders.isEmpty()) {
      text.append(" is free");
    }
    String separator = " held by ";
    for (Holder holder : holders) {
      text.append(separator)
          .append(holder.party())
          .append(", ")
          .append(holder.owner())
          .append(", for ")
          .append(WaitChain.age(holder.since(), now));
      separator = "; by ";
    }
    if (!waiters.isEmpty()) {
      text.append("; ").append(waiters.size()).append(" waiting");
    }
    return text.toString();
  }
}
