package io.holdfast.zookeeper;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Where things are in the tree of a space:
 *
 * <pre>
 *   CHROOT/SPACE/records/NAME          a record
 *   CHROOT/SPACE/records/NAME/MARK     the mark of its present life; see {@link Records}
 *   CHROOT/SPACE/sessions/ID           a session, ephemeral
 *   CHROOT/SPACE/mailboxes/ID/NAME     a wake-up, gone before anybody could read it; see {@link
 *                                      Mailboxes}
 * </pre>
 */
final class Layout {

  private final String root;

  /**
   * The tree of a space.
   *
   * @param chroot empty, or a path that begins with a slash and does not end with one
   */
  Layout(String chroot, String space) {
    // The root directory of ZooKeeper has one name that is taken.
    boolean taken = chroot.isEmpty() && space.equals("zookeeper");
    root = chroot + "/" + (taken ? "%7Aookeeper" : NodeName.of(space));
  }

  String root() {
    return root;
  }

  String records() {
    return root + "/records";
  }

  String sessions() {
    return root + "/sessions";
  }

  String mailboxes() {
    return root + "/mailboxes";
  }

  String record(String name) {
    return records() + "/" + NodeName.of(name);
  }

  String session(long id) {
    return sessions() + "/" + HexFormat.of().toHexDigits(id);
  }

  String mailbox(long id) {
    return mailboxes() + "/" + HexFormat.of().toHexDigits(id);
  }

  /** All nodes that stay, parents first. */
  List<String> directories() {
    List<String> all = new ArrayList<>();
    for (int slash = root.indexOf('/', 1); slash > 0; slash = root.indexOf('/', slash + 1)) {
      all.add(root.substring(0, slash));
    }
    all.add(root);
    all.add(records());
    all.add(sessions());
    all.add(mailboxes());
    return all;
  }
}
