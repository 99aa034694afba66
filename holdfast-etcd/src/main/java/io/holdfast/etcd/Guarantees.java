package io.holdfast.etcd;

import java.util.List;

/** What the engine promises, a line each. */
final class Guarantees {

  static final List<String> LINES =
      List.of(
          "crash of a node: its locks are free after its TTL, rounded up to whole seconds, and at"
              + " most a second more",
          "pause of a node: it loses its locks after its TTL; what it still sends is told apart by"
              + " tokens",
          "crash or restart of members: nothing is lost as long as a majority keeps its disks",
          "no majority: nothing is granted or released; holders lose their locks when their lease"
              + " ends",
          "change of leader: sessions of the living go on; those of the dead live up to a TTL and"
              + " an election timeout longer, per change",
          "stalled leader: before etcd 3.4.31 and 3.5.13 it may end living sessions early, when its"
              + " stall is longer than what is left of their TTL",
          "clock jump: no effect; leases are counted on the monotonic clock of the leader",
          "restored from a backup, or a fresh data directory: revisions go back, and tokens with"
              + " them; stop all nodes, restore with --bump-revision and --mark-compacted (etcd"
              + " 3.5.10 or later), and reset the guards if revisions went back",
          "eviction: none; a full database refuses changes until there is room");

  private Guarantees() {}
}
