package io.holdfast.cli;

import io.holdfast.LockReport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What there is to tell about a wait for a lock.
 *
 * @param report the lock, as it is
 * @param self the pid of the process that waits
 */
record Waiting(LockReport report, long self) {

  /**
   * One line, for example: waiting for nightly, held by pid 4711 on host x for 12 s, 2 before you.
   */
  String line(Instant now) {
    StringBuilder text = new StringBuilder("waiting for ").append(report.name());
    List<LockReport.Holder> holders = report.holders();
    if (!holders.isEmpty()) {
      text.append(", held by ").append(describe(holders.get(0), now));
      if (holders.size() > 1) {
        text.append(" and ").append(holders.size() - 1).append(" more");
      }
    }
    int before = before();
    if (before > 0) {
      text.append(", ").append(before).append(" before you");
    }
    return text.toString();
  }

  /** One who holds, for example: pid 4711 on host x (backup.sh) for 12 s. */
  static String describe(LockReport.Holder holder, Instant now) {
    return Listing.party(holder.party(), holder.owner())
        + " for "
        + DurationText.of(Duration.between(holder.since(), now));
  }

  /** How many wait in front. */
  int before() {
    List<LockReport.Waiting> waiters = report.waiters();
    for (int i = 0; i < waiters.size(); i++) {
      if (waiters.get(i).party().pid() == self) {
        return i;
      }
    }
    return waiters.size();
  }

  /** What changes when there is news, other than that time goes by. */
  String news() {
    return before()
        + report.holders().stream()
            .map(holder -> " " + holder.token())
            .collect(Collectors.joining());
  }

  /** The holder that is an ancestor of the waiting process, and so waits for itself. */
  Optional<LockReport.Holder> ancestorThatHolds() {
    Set<Long> ancestors =
        Stream.iterate(
                ProcessHandle.current().parent(),
                Optional::isPresent,
                child -> child.flatMap(ProcessHandle::parent))
            .map(parent -> parent.orElseThrow().pid())
            .collect(Collectors.toSet());
    Set<String> ownHosts =
        report.waiters().stream()
            .filter(waiter -> waiter.party().pid() == self)
            .map(waiter -> waiter.party().host())
            .collect(Collectors.toSet());
    return report.holders().stream()
        .filter(holder -> ownHosts.contains(holder.party().host()))
        .filter(holder -> ancestors.contains(holder.party().pid()))
        .findFirst();
  }
}
