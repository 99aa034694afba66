package io.holdfast.zookeeper;

import io.holdfast.engine.Calls;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.data.ACL;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How one session wakes another for a name. */
final class Mailboxes {

  // A session watches the path of its mailbox and all below, although there is never anything
  // there. To wake it, one transaction makes MAILBOX/NAME and deletes it again. The watch tells
  // the path of what was made, so the wake-up has arrived with its name, without a read; and
  // nothing is left behind, whoever dies when. In one transaction with a write it costs no round
  // trip. A session that has no connection at that moment misses it, as wake-ups may be.

  private static final Logger LOG = LoggerFactory.getLogger(Mailboxes.class);
  private static final byte[] EMPTY = {};

  /** Sessions that are woken by one transaction. */
  private static final int MANY = 256;

  private Mailboxes() {}

  /** The parts of a transaction that wake sessions. */
  static List<Op> wake(Layout layout, List<ACL> acl, Collection<Long> sessions, String name) {
    List<Op> parts = new ArrayList<>(4 * sessions.size());
    for (long session : sessions) {
      String mailbox = layout.mailbox(session);
      String notice = mailbox + "/" + NodeName.of(name);
      parts.add(Op.create(mailbox, EMPTY, acl, CreateMode.PERSISTENT));
      parts.add(Op.create(notice, EMPTY, acl, CreateMode.PERSISTENT));
      parts.add(Op.delete(notice, -1));
      parts.add(Op.delete(mailbox, -1));
    }
    return parts;
  }

  /** Wakes any number of sessions, and waits for none. */
  static void wakeMany(Wire wire, Layout layout, Collection<Long> sessions, String name) {
    List<Long> all = List.copyOf(sessions);
    for (int from = 0; from < all.size(); from += MANY) {
      List<Long> some = all.subList(from, Math.min(from + MANY, all.size()));
      CompletionStage<Wire.Results> woken = wire.multi(wake(layout, wire.acl(), some, name));
      woken.whenComplete(
          (results, failure) -> {
            if (failure != null) {
              LOG.debug("waking {} for lock {} failed", some, name, Calls.cause(failure));
            }
          });
    }
  }

  /** The watch on a mailbox. */
  static Watcher watcher(long session, String mailbox, Consumer<String> onWake) {
    String prefix = mailbox + "/";
    return event -> {
      if (isNotice(event, prefix)) {
        NodeName.read(event.getPath().substring(prefix.length()))
            .ifPresent(name -> passOn(session, name, onWake));
      }
    };
  }

  private static boolean isNotice(WatchedEvent event, String prefix) {
    return event.getType() == EventType.NodeCreated && event.getPath().startsWith(prefix);
  }

  private static void passOn(long session, String name, Consumer<String> onWake) {
    try {
      onWake.accept(name);
    } catch (RuntimeException thrown) {
      LOG.warn("session {} failed to look at {}; it will look again later", session, name, thrown);
    }
  }
}
