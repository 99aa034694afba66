package io.holdfast.redis;

import java.util.ArrayList;
import java.util.List;

/** What the engine promises, in words. */
final class RedisPromises {

  private RedisPromises() {}

  /** One line each. */
  static List<String> of(RedisLocation location) {
    int replicas = location.options().waitReplicas();
    List<String> lines = new ArrayList<>();
    lines.add(
        "crash: a killed process loses its locks when its session expires, by the server's clock");
    lines.add(
        "pause: a stopped process loses its locks the same way; its fencing tokens are refused"
            + " from then on");
    lines.add(
        "failover: "
            + (replicas == 0
                ? "the last writes may be lost, and with them a lock that somebody holds"
                : "a change counts only once "
                    + replicas
                    + " replicas have it; one that is promoted without them may still lose it")
            + ". Whoever knew of a lost write is told at the next renewal; the next token is larger."
            + " Only who joins readers from before the failover gets their token, until all of them"
            + " are gone");
    lines.add(
        "partition: an old primary that is cut off may give locks that the new one gives too, until"
            + " the sentinels or the cluster stop it; tokens of the new one are larger");
    lines.add(
        "restart, FLUSHALL: what is not persisted is gone, sessions too; holders are told at the"
            + " next renewal, and tokens go on growing");
    lines.add(
        "clock jump: forward, sessions expire early and holders are told at the next renewal;"
            + " backward, they expire late. Tokens go on growing, except if the server also loses"
            + " its data while its clock is more than a minute behind");
    lines.add(
        "eviction: refused"
            + (location.options().allowEviction()
                ? " elsewhere, allowed here: a lock may be evicted while it is held"
                : ", since a lock could vanish while it is held"));
    return lines;
  }
}
