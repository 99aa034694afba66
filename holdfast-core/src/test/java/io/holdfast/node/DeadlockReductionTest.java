package io.holdfast.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.engine.LockView;
import io.holdfast.node.WaitGraph.Vertex;
import io.holdfast.rules.Command;
import io.holdfast.rules.Grant;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.LockRules;
import io.holdfast.rules.Mode;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.Transition;
import io.holdfast.rules.WaitReport;
import io.holdfast.rules.WaitReport.Link;
import io.holdfast.rules.WaitReport.Step;
import io.holdfast.rules.Waiter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Whether {@link Deadlock} tells truly who can never go on, against the rules themselves: there,
 * all who do not wait give back what they hold, until nothing changes.
 */
class DeadlockReductionTest {

  private static final int WORLDS = 10_000;

  /** Locks and semaphores, and owners with a session each, who hold some and wait for one. */
  private static final class Owners {
    private final Map<String, LockRecord> records = new TreeMap<>();
    private final Map<Long, String> waiting = new TreeMap<>();
    private final Map<Long, Long> requests = new HashMap<>();
    private long now;

    private static LockKind kind(String name) {
      return switch (name.charAt(0)) {
        case 's' -> LockKind.semaphore(1 + name.charAt(1) - '0');
        case 'r' -> LockKind.READ_WRITE;
        default -> LockKind.MUTEX;
      };
    }

    /** Somebody asks for something, and waits if it is not granted. */
    void ask(long owner, String name, Mode mode) {
      long number = requests.merge(owner, 1L, Long::sum);
      Command acquire =
          new Command.Acquire(
              new RequestId(owner, number),
              kind(name),
              mode,
              "owner " + owner,
              false,
              Command.Patience.QUEUE);
      apply(name, acquire);
    }

    private void apply(String name, Command command) {
      now++;
      Transition done = LockRules.apply(records.get(name), command, now);
      if (done.record() == null) {
        records.remove(name);
      } else {
        records.put(name, done.record());
      }
      waiting.clear();
      records.forEach(
          (lock, record) ->
              record.queue().forEach(waiter -> waiting.put(waiter.request().session(), lock)));
    }

    Set<Long> running() {
      Set<Long> running = new TreeSet<>();
      records
          .values()
          .forEach(record -> record.grants().forEach(g -> running.add(g.request().session())));
      running.removeAll(waiting.keySet());
      return running;
    }

    void giveBackAll(long owner) {
      for (String name : List.copyOf(records.keySet())) {
        for (Grant grant : records.get(name).grants()) {
          if (grant.request().session() == owner) {
            apply(name, new Command.Release(grant.request()));
          }
        }
      }
    }

    /** One who gives way does not wait any more, and then gives back what he holds. */
    void giveWay(RequestId request) {
      apply(waiting.get(request.session()), new Command.Cancel(request));
    }

    /** Who waits for ever. */
    Set<Long> stuckForEver() {
      Owners end = new Owners();
      end.records.putAll(records);
      end.waiting.putAll(waiting);
      for (Set<Long> next = end.running(); !next.isEmpty(); next = end.running()) {
        next.forEach(end::giveBackAll);
      }
      return new TreeSet<>(end.waiting.keySet());
    }

    WaitGraph graph() {
      Map<String, LockView> views = new HashMap<>();
      records.forEach((name, record) -> views.put(name, new LockView(name, record, Map.of())));
      Map<Long, WaitReport> reports = new HashMap<>();
      waiting.forEach((owner, name) -> reports.put(owner, report(owner, name)));
      return new WaitGraph(views, reports, true);
    }

    private WaitReport report(long owner, String wanted) {
      Waiter waiter = waiter(owner, wanted);
      List<Link> links = new ArrayList<>();
      records.forEach(
          (held, record) ->
              record.grants().stream()
                  .filter(grant -> grant.request().session() == owner)
                  .forEach(grant -> links.add(link(held, grant, wanted, waiter))));
      return new WaitReport(1, 0, 0, links);
    }

    private static Link link(String held, Grant grant, String wanted, Waiter waiter) {
      Step step =
          new Step(waiter.owner(), held, grant.mode(), wanted, waiter.mode(), waiter.since(), 1);
      return new Link(
          held, grant.request().number(), wanted, waiter.request().number(), List.of(step));
    }

    Waiter waiter(long owner, String name) {
      return records.get(name).queue().stream()
          .filter(waiting -> waiting.request().session() == owner)
          .findFirst()
          .orElseThrow();
    }

    /** What each of those who wait finds. */
    List<Deadlock> found() {
      WaitGraph graph = graph();
      List<Deadlock> found = new ArrayList<>();
      waiting.forEach(
          (owner, name) ->
              Deadlock.of(graph, new Vertex(name, waiter(owner, name).request()))
                  .ifPresent(found::add));
      return found;
    }
  }

  private static Owners drawn(SplittableRandom random) {
    Owners owners = new Owners();
    int size = 2 + random.nextInt(6);
    List<String> names = List.of("m0", "m1", "r0", "s0", "s1", "s2", "s3");
    for (int turn = random.nextInt(4 * size); turn >= 0; turn--) {
      long owner = 1 + random.nextInt(size);
      String name = names.get(random.nextInt(names.size()));
      if (owners.waiting.containsKey(owner)) {
        continue;
      }
      LockKind kind = Owners.kind(name);
      boolean again =
          kind.type() != LockKind.Type.SEMAPHORE
              && owners.records.containsKey(name)
              && owners.records.get(name).grants().stream()
                  .anyMatch(grant -> grant.request().session() == owner);
      if (!again) {
        owners.ask(owner, name, mode(random, kind));
      }
    }
    return owners;
  }

  private static Mode mode(SplittableRandom random, LockKind kind) {
    return switch (kind.type()) {
      case SEMAPHORE -> Mode.permits(1 + random.nextInt(kind.permits()));
      case READ_WRITE -> random.nextBoolean() ? Mode.SHARED : Mode.EXCLUSIVE;
      case MUTEX -> Mode.EXCLUSIVE;
    };
  }

  @Test
  void findsWhoIsStuckAndNobodyElse() {
    SplittableRandom random = new SplittableRandom(7);
    Map<String, Integer> seen = new TreeMap<>();
    for (int world = 0; world < WORLDS; world++) {
      Owners owners = drawn(random);
      Set<Long> stuck = owners.stuckForEver();
      while (!stuck.isEmpty()) {
        stuck = afterOneOf(owners, stuck, seen);
      }
      assertThat(owners.found()).as("while nobody is stuck: %s", owners.records).isEmpty();
    }
    System.out.println(WORLDS + " worlds: " + seen);
    assertThat(seen).containsKeys("circle", "knot of permits", "one for his own permits", "turn");
  }

  /** Somebody gives way, and then there is one less. */
  private static Set<Long> afterOneOf(Owners owners, Set<Long> stuck, Map<String, Integer> seen) {
    List<Deadlock> found = owners.found();
    assertThat(found).as("while %s are stuck: %s", stuck, owners.records).isNotEmpty();
    Set<Long> chosen = new HashSet<>();
    for (Deadlock deadlock : found) {
      seen.merge(what(deadlock), 1, Integer::sum);
      chosen.add(deadlock.chosen().waiter().request().session());
      assertThat(deadlock.proof())
          .as("of %s while %s are stuck", owners.records, stuck)
          .allMatch(edge -> stuck.contains(edge.from().request().session()));
      int size = deadlock.cycle().size();
      for (int i = 0; i < size; i++) {
        assertThat(deadlock.cycle().get(i).to())
            .isEqualTo(deadlock.cycle().get((i + 1) % size).from());
      }
    }
    Deadlock first = found.get(0);
    RequestId request = first.chosen().waiter().request();
    if (first.chosen().isTurn()) {
      String name = first.chosen().from().name();
      owners.apply(name, new Command.Pass(request));
    } else {
      owners.giveWay(request);
    }
    Set<Long> rest = owners.stuckForEver();
    assertThat(rest).as("after %s of %s", request, found).doesNotContain(request.session());
    assertThat(stuck).containsAll(rest);
    return rest;
  }

  private static String what(Deadlock deadlock) {
    if (deadlock.chosen().isTurn()) {
      return "turn";
    } else if (deadlock.cycle().size() == 1) {
      return "one for his own permits";
    }
    return deadlock.cycle().equals(deadlock.proof())
            || Set.copyOf(deadlock.cycle()).equals(Set.copyOf(deadlock.proof()))
        ? "circle"
        : "knot of permits";
  }
}
