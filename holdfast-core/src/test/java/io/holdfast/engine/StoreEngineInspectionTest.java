package io.holdfast.engine;

import static io.holdfast.engine.StoreWorld.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.holdfast.engine.StoreWorld.Client;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a store engine shows to people. */
class StoreEngineInspectionTest {

  private final StoreWorld world = new StoreWorld();
  private final FaultyRecordStore store = world.store;
  private final StoreEngine inspector = world.engine();

  @Test
  void readShowsHoldersAndWaitersAndWhoTheyAre() {
    Client holder = world.client();
    Client waiter = world.client();
    now(holder.acquire("a", 1));
    now(waiter.acquire("a", 1));

    LockView view = now(inspector.read("a")).orElseThrow();

    assertThat(view.name()).isEqualTo("a");
    assertThat(view.record()).isEqualTo(store.record("a"));
    assertThat(view.sessions())
        .isEqualTo(
            Map.of(holder.session.id(), StoreWorld.TERMS, waiter.session.id(), StoreWorld.TERMS));
    assertThat(now(inspector.read("b"))).isEmpty();
    assertThat(inspector.description().type()).isEqualTo("faulty");
  }

  @Test
  void readDropsTheDeadForEverybody() {
    Client dead = world.client();
    Client waiter = world.client();
    now(dead.acquire("a", 1));
    now(waiter.acquire("a", 1));
    store.kill(dead.session.id());

    LockView view = now(inspector.read("a")).orElseThrow();
    world.advance(0);

    assertThat(view.sessions()).containsOnlyKeys(waiter.session.id());
    assertThat(view.record().grants().get(0).id()).isPositive();
    assertThat(waiter.heard()).hasSize(1);

    store.kill(waiter.session.id());
    assertThat(now(inspector.read("a"))).isEmpty();
    assertThat(store.names()).isEmpty();
  }

  @Test
  void listIsOrderedAndPaged() {
    Client client = world.client();
    for (String name : List.of("b/2", "a/1", "b/1", "c/1", "b/3")) {
      now(client.acquire(name, 1 + name.hashCode()));
    }

    assertThat(names("", "", 10)).containsExactly("a/1", "b/1", "b/2", "b/3", "c/1");
    assertThat(names("b/", "", 2)).containsExactly("b/1", "b/2");
    assertThat(names("b/", "b/2", 2)).containsExactly("b/3");
    assertThat(names("d/", "", 10)).isEmpty();
    assertThatIllegalArgumentException().isThrownBy(() -> inspector.list("", "", 0));
    assertThatIllegalArgumentException().isThrownBy(() -> inspector.list("", "", 1_001));
  }

  @Test
  void listIsFilledUpWhereTheDeadLeaveGaps() {
    Client dead = world.client();
    Client living = world.client();
    for (int i = 1; i <= 30; i++) {
      now((i % 10 == 0 ? living : dead).acquire("a/" + (100 + i), i));
    }
    store.kill(dead.session.id());

    assertThat(names("", "", 2)).containsExactly("a/110", "a/120");
    assertThat(names("", "a/120", 2)).containsExactly("a/130");
    assertThat(store.names()).containsExactlyInAnyOrder("a/110", "a/120", "a/130");
  }

  private List<String> names(String prefix, String after, int limit) {
    return now(inspector.list(prefix, after, limit)).stream().map(LockView::name).toList();
  }
}
