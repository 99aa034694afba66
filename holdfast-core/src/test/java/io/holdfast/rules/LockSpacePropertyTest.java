package io.holdfast.rules;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.RandomSpace.Line;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** What is true of a space after every step of every script. */
class LockSpacePropertyTest {

  @Provide
  Arbitrary<List<Line>> scripts() {
    return RandomSpace.scripts();
  }

  @Property
  void aSnapshotAndTheCommandsSinceAreTheWhole(
      @ForAll("scripts") List<Line> script, @ForAll @IntRange(max = 120) int cut) {
    LockSpace whole = new LockSpace(0);
    LockSpace restored = LockSpace.restore(whole.snapshot());
    for (int i = 0; i < script.size(); i++) {
      if (i == cut) {
        restored = LockSpace.restore(whole.snapshot());
      }
      SpaceCommand command = RandomSpace.command(whole, script.get(i));
      assertThat(restored.apply(command, i)).isEqualTo(whole.apply(command, i));
    }
    assertThat(restored.snapshot()).isEqualTo(whole.snapshot());
  }

  @Property
  void everySnapshotCanBeRestored(@ForAll("scripts") List<Line> script) {
    LockSpace space = new LockSpace(0);
    for (Line line : script) {
      space.apply(RandomSpace.command(space, line), 0);
      LockSpace restored = LockSpace.restore(space.snapshot());
      assertThat(restored.snapshot()).isEqualTo(space.snapshot());
      assertThat(restored.version()).isEqualTo(space.version());
      assertThat(restored.sessions()).isEqualTo(space.sessions());
      assertThat(all(restored)).isEqualTo(all(space));
    }
  }

  @Property
  void onlyOpenSessionsHoldOrWait(@ForAll("scripts") List<Line> script) {
    LockSpace space = new LockSpace(0);
    for (Line line : script) {
      SpaceCommand command = RandomSpace.command(space, line);
      SpaceResult result = space.apply(command, 0);
      Set<Long> open = space.sessions().stream().map(SpaceSession::id).collect(toSet());
      all(space).values().forEach(record -> assertThat(open).containsAll(sessions(record)));
      assertThat(result.notices()).allMatch(notice -> open.contains(notice.session()));
    }
  }

  /** The same rules: a space does to each lock what the transition function does to it alone. */
  @Property
  void eachLockFollowsTheRules(@ForAll("scripts") List<Line> script) {
    LockSpace space = new LockSpace(0);
    Map<String, LockRecord> model = new HashMap<>();
    for (Line line : script) {
      SpaceCommand command = RandomSpace.command(space, line);
      SpaceResult result = space.apply(command, 7);
      if (command instanceof SpaceCommand.OnLock order) {
        play(model, order.name(), order.command(), space.version());
      } else if (result.reply() instanceof SpaceReply.SessionEnded) {
        for (String name : RandomSpace.NAMES) {
          play(model, name, new Command.Expire(ended(command)), space.version());
        }
      }
      assertThat(all(space)).isEqualTo(model);
      assertThat(space.size()).isEqualTo(model.size());
    }
  }

  @Property
  void idsOnlyGrow(@ForAll("scripts") List<Line> script) {
    LockSpace space = new LockSpace(500);
    Set<Long> opened = new HashSet<>();
    for (Line line : script) {
      long before = space.version();
      Map<String, LockRecord> records = all(space);
      SpaceResult result = space.apply(RandomSpace.command(space, line), 0);
      assertThat(space.version()).isBetween(before, before + 1);
      if (result.reply() instanceof SpaceReply.SessionOpened session) {
        assertThat(session.session()).isEqualTo(before + 1);
        assertThat(opened.add(session.session())).isTrue();
      }
      if (!all(space).equals(records)) {
        assertThat(space.version()).isEqualTo(before + 1);
      }
      all(space).values().stream()
          .flatMap(record -> record.grants().stream())
          .forEach(grant -> assertThat(grant.id()).isBetween(501L, space.version()));
    }
  }

  @Property
  void pagesJoinToTheWhole(
      @ForAll("scripts") List<Line> script, @ForAll @IntRange(min = 1, max = 4) int size) {
    LockSpace space = new LockSpace(0);
    script.forEach(line -> space.apply(RandomSpace.command(space, line), 0));
    for (String prefix : List.of("", "a", "a/", "c/", "zzz")) {
      Map<String, LockRecord> joined = new HashMap<>();
      String after = "";
      for (var page = space.list(prefix, after, size);
          !page.isEmpty();
          page = space.list(prefix, after, size)) {
        assertThat(page).hasSizeLessThanOrEqualTo(size);
        assertThat(page.firstKey()).isGreaterThan(after);
        joined.putAll(page);
        after = page.lastKey();
      }
      Map<String, LockRecord> expected = new HashMap<>(all(space));
      expected.keySet().removeIf(name -> !name.startsWith(prefix));
      assertThat(joined).isEqualTo(expected);
    }
  }

  private static void play(
      Map<String, LockRecord> model, String name, Command command, long version) {
    LockRecord after = LockRules.apply(model.get(name), command, 7).resolved(version).record();
    if (after == null) {
      model.remove(name);
    } else {
      model.put(name, after);
    }
  }

  private static long ended(SpaceCommand command) {
    if (command instanceof SpaceCommand.CloseSession close) {
      return close.session();
    }
    return command instanceof SpaceCommand.ExpireSession expire
        ? expire.session()
        : ((SpaceCommand.Renew) command).session();
  }

  private static Set<Long> sessions(LockRecord record) {
    Set<Long> sessions = new HashSet<>();
    record.grants().forEach(grant -> sessions.add(grant.request().session()));
    record.queue().forEach(waiter -> sessions.add(waiter.request().session()));
    return sessions;
  }

  /** Read one by one, so that this does not rely on listings. */
  private static Map<String, LockRecord> all(LockSpace space) {
    Map<String, LockRecord> all = new HashMap<>();
    RandomSpace.NAMES.forEach(name -> space.read(name).ifPresent(record -> all.put(name, record)));
    return all;
  }
}
