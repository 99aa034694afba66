package io.holdfast.jdbc;

import static io.holdfast.jdbc.Bench.await;
import static io.holdfast.jdbc.Bench.bytes;
import static io.holdfast.jdbc.Bench.terms;
import static io.holdfast.jdbc.Bench.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.DistributedLock;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import io.holdfast.Owner;
import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Finding;
import io.holdfast.engine.RecordStore;
import io.holdfast.engine.RecordStore.Entry;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.tck.Layers;
import io.holdfast.tck.ServerProcess;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a store on a database server must do, past the lock rules. */
abstract class ServerStoreRules implements JdbcFenceRules, FirstStartRules {

  private final Environment environment = Environment.system("rules");
  private final List<RecordStore> stores = new ArrayList<>();

  abstract ServerProcess server();

  abstract String uri();

  /** The settings of a URI. */
  static ServerSettings settings(String uri) {
    DatabaseAddress address = DatabaseAddress.parse(URI.create(uri));
    String schema = address.own().get("schema");
    ServerDialect dialect =
        address.postgresql()
            ? new PostgresDialect(schema == null ? "holdfast" : schema)
            : new MariaDialect(schema);
    boolean listens = address.postgresql() && !"false".equals(address.own().get("listen"));
    return new ServerSettings(dialect, address, address.location(), 8, true, listens);
  }

  /** What is before the name of each table. */
  final String qualifier() {
    return settings(uri()).dialect().qualifier();
  }

  final RecordStore open(String uri, String space) {
    RecordStore store = ServerStore.open(settings(uri), space, environment);
    stores.add(store);
    return store;
  }

  final RecordStore open(String space) {
    return open(uri(), space);
  }

  /** Runs SQL past the store. */
  final void sql(String... statements) {
    try (Connection connection = DriverManager.getConnection(jdbcUrl());
        Statement statement = connection.createStatement()) {
      for (String each : statements) {
        statement.execute(each);
      }
    } catch (SQLException failure) {
      throw new AssertionError(failure);
    }
  }

  final long number(String query) {
    try (Connection connection = DriverManager.getConnection(jdbcUrl());
        Sql sql = new Sql(connection)) {
      return sql.number(query);
    } catch (SQLException failure) {
      throw new AssertionError(failure);
    }
  }

  final void eventually(String what, BooleanSupplier condition) {
    long begun = environment.ticker().nanoTime();
    while (!condition.getAsBoolean()) {
      if (environment.ticker().nanoTime() - begun > Duration.ofSeconds(40).toNanos()) {
        throw new AssertionError("never: " + what);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  static Outcome write(RecordStore store, String name, long expected, String text) {
    byte[] content = text == null ? null : bytes(text);
    return await(store.compareAndSet(new Write(name, expected, content, Set.of())));
  }

  @AfterEach
  void close() {
    stores.forEach(RecordStore::close);
    environment.scheduler().close();
  }

  @Test
  void aRecordIsMadeChangedAndDeletedAndALostRaceGivesWhatIsInTheWay() {
    RecordStore store = open("made");
    assertThat(await(store.read("a"))).isEqualTo(Stored.ABSENT);
    long made = write(store, "a", 0, "one").current().version();
    assertThat(made).isPositive().isLessThan(1L << 51);
    for (Outcome lost :
        List.of(
            write(store, "a", 0, "two"),
            write(store, "a", made + 1, "two"),
            write(store, "a", made + 1, null),
            write(store, "a", 0, null))) {
      assertThat(lost.written()).isFalse();
      assertThat(lost.current().version()).isEqualTo(made);
      assertThat(text(lost.current())).isEqualTo("one");
    }
    Outcome changed = write(store, "a", made, "two");
    assertThat(changed.written()).isTrue();
    assertThat(changed.current().version()).isGreaterThan(made);
    assertThat(text(await(store.read("a")))).isEqualTo("two");
    assertThat(write(store, "a", changed.current().version(), null))
        .isEqualTo(new Outcome(true, Stored.ABSENT));
    assertThat(await(store.read("a"))).isEqualTo(Stored.ABSENT);
    assertThat(write(store, "b", 7, "x")).isEqualTo(new Outcome(false, Stored.ABSENT));
    assertThat(write(store, "b", 7, null)).isEqualTo(new Outcome(false, Stored.ABSENT));
    assertThat(write(store, "b", 0, null)).isEqualTo(new Outcome(true, Stored.ABSENT));
  }

  /** One successful write. */
  private record Step(long expected, long version, boolean deleted) {}

  @Test
  void versionsOfANameGrowWhateverTheRaces() throws Exception {
    int threads = 8;
    Map<String, Queue<Step>> steps = new ConcurrentHashMap<>();
    List<String> names = List.of("a", "b");
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> racers = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        RecordStore store = open("races");
        racers.add(pool.submit(() -> race(store, names, steps)));
      }
      for (Future<?> racer : racers) {
        racer.get(90, TimeUnit.SECONDS);
      }
    } finally {
      pool.shutdownNow();
    }
    steps.values().forEach(ServerStoreRules::assertGrowth);
    assertThat(steps).hasSize(names.size());
  }

  private void race(RecordStore store, List<String> names, Map<String, Queue<Step>> steps) {
    Map<String, Stored> seen = new HashMap<>();
    for (int i = 0; i < 400; i++) {
      String name = names.get(environment.random().nextInt(names.size()));
      Stored believed = seen.getOrDefault(name, Stored.ABSENT);
      boolean deletes = believed.version() != 0 && environment.random().nextInt(2) == 0;
      Outcome outcome = write(store, name, believed.version(), deletes ? null : "x");
      if (outcome.written()) {
        steps
            .computeIfAbsent(name, made -> new ConcurrentLinkedQueue<>())
            .add(new Step(believed.version(), outcome.current().version(), deletes));
      } else {
        assertThat(outcome.current().version()).isNotEqualTo(believed.version());
      }
      seen.put(name, outcome.current());
    }
  }

  /**
   * The lives of a record, each from an insertion to a deletion, must follow one another: their
   * versions grow within a life and from one life to the next.
   */
  private static void assertGrowth(Queue<Step> steps) {
    Map<Long, Step> byExpected = new HashMap<>();
    List<Long> births = new ArrayList<>();
    for (Step step : steps) {
      if (step.expected() == 0) {
        births.add(step.version());
      } else {
        assertThat(byExpected.put(step.expected(), step))
            .as("one winner for version %s", step.expected())
            .isNull();
      }
      if (!step.deleted()) {
        assertThat(step.version()).isGreaterThan(step.expected());
      }
    }
    assertThat(births).hasSizeGreaterThan(20).doesNotHaveDuplicates();
    births.sort(Comparator.naturalOrder());
    long last = 0;
    for (long birth : births) {
      assertThat(birth)
          .as("first version of a life after one that ended at %s", last)
          .isGreaterThan(last);
      last = birth;
      for (Step step = byExpected.get(last); step != null && !step.deleted(); ) {
        last = step.version();
        step = byExpected.get(last);
      }
    }
  }

  @Test
  void aCounterThatWasSetBackJumpsAboveAllThatItHadGivenOut() {
    RecordStore store = open("back");
    long before = write(store, "a", 0, "one").current().version();
    setCounterBack();
    assertThat(write(store, "b", 0, "two").current().version()).isGreaterThan(before);
    assertThat(write(store, "a", before, "two").current().version()).isGreaterThan(before);
  }

  abstract void setCounterBack();

  @Test
  void listsByNameInPages() {
    RecordStore store = open("lists");
    String beyond = new String(Character.toChars(0x1F512));
    List<String> names = new ArrayList<>(List.of("a", "b/1", "b/2", "b/3", "\uE000", beyond, "ä"));
    names.forEach(name -> write(store, name, 0, name));
    names.sort(Comparator.naturalOrder());
    assertThat(await(store.list("", "", 100)).stream().map(Entry::name)).isEqualTo(names);
    assertThat(await(store.list("b/", "b/1", 100)).stream().map(Entry::name))
        .containsExactly("b/2", "b/3");
    assertThat(await(store.list("b/", "", 2)).stream().map(Entry::name))
        .containsExactly("b/1", "b/2");
    assertThat(await(open("lists2").list("", "", 10))).isEmpty();
  }

  @Test
  void anExpiredSessionLivesUntilSomebodyFindsItDead() {
    RecordStore store = open("sessions");
    long session = await(store.openSession(terms(Duration.ofMinutes(1)), name -> {}));
    sql("UPDATE " + qualifier() + "session SET expires_at = 1 WHERE id = " + session);
    assertThat(await(store.renewSession(session))).isTrue();
    assertThat(await(store.findDead(Set.of(session)))).isEmpty();

    sql("UPDATE " + qualifier() + "session SET expires_at = 1 WHERE id = " + session);
    assertThat(await(store.findDead(Set.of(session, 7L)))).containsExactlyInAnyOrder(session, 7L);
    assertThat(await(store.renewSession(session))).isFalse();
    assertThat(await(store.findDead(Set.of(session)))).containsExactly(session);
  }

  @Test
  void S12_aServerClockThatWasSetBackProlongsNoSessionByMoreThanItsTtl() {
    RecordStore store = open("clock");
    Duration ttl = Duration.ofSeconds(2);
    long session = await(store.openSession(terms(ttl), name -> {}));
    sql(
        "UPDATE "
            + qualifier()
            + "session SET expires_at = expires_at + 3600000000 WHERE id = "
            + session);
    assertThat(await(store.findDead(Set.of(session)))).isEmpty();
    eventually("expired", () -> await(store.findDead(Set.of(session))).contains(session));
  }

  @Test
  void openingSweepsTheExpired() {
    RecordStore store = open("sweep");
    long session = await(store.openSession(terms(), name -> {}));
    sql("UPDATE " + qualifier() + "session SET expires_at = 1 WHERE id = " + session);
    // An opening passes over a session that is being changed, as by the listener of this store.
    eventually(
        "swept",
        () -> {
          await(store.openSession(terms(), name -> {}));
          return number("SELECT count(*) FROM " + qualifier() + "session WHERE id = " + session)
              == 0;
        });
  }

  @Test
  void reportsAndTermsAreKeptWithTheSession() {
    RecordStore store = open("reports");
    long one = await(store.openSession(terms(), name -> {}));
    long two = await(open("reports").openSession(terms(), name -> {}));
    await(store.publish(one, bytes("first")));
    await(store.publish(one, bytes("second")));
    await(store.publish(12345L, bytes("nobody")));
    Map<Long, byte[]> published = await(store.published(Arrays.asList(one, two, 12345L)));
    assertThat(published).containsOnlyKeys(one);
    assertThat(published.get(one)).isEqualTo(bytes("second"));
    assertThat(await(store.describe(Set.of(one, two, 12345L))))
        .containsOnlyKeys(one, two)
        .containsEntry(one, terms());
    await(store.closeSession(one));
    assertThat(await(store.published(Set.of(one)))).isEmpty();
  }

  @Test
  void sessionsOfOtherStoresAreWoken() {
    RecordStore sleeper = open("wakes");
    RecordStore caller = open("wakes");
    Queue<String> woken = new ConcurrentLinkedQueue<>();
    long session = await(sleeper.openSession(terms(), woken::add));
    String name = "näme/" + new String(Character.toChars(0x1F512));

    long version =
        await(caller.compareAndSet(new Write(name, 0, bytes("x"), Set.of(session))))
            .current()
            .version();
    eventually("woken by a write", () -> woken.contains(name));
    woken.clear();
    await(caller.wake(Set.of(session), name));
    eventually("woken by a call", () -> woken.contains(name));
    woken.clear();
    await(caller.compareAndSet(new Write(name, version, null, Set.of(session, 7L))));
    eventually("woken by a deletion", () -> woken.contains(name));
  }

  @Test
  void S23_nothingIsLeftWhenAllIsClosed() {
    RecordStore store = open("left");
    long session = await(store.openSession(terms(), name -> {}));
    store.close();
    assertThat(number("SELECT count(*) FROM " + qualifier() + "session WHERE id = " + session))
        .isZero();
    assertThatThrownBy(() -> await(store.read("a")))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("closed; open a new one");
  }

  @Test
  void anAcquireAndAReleaseAreOneRoundTripEach() throws Exception {
    try (CountingDataSource source = new CountingDataSource(jdbcUrl());
        Holdfast node = overCounted(source, "trips")) {
      DistributedLock lock =
          node.lock("a", LockOptions.DEFAULT.retention(LockOptions.Retention.OFF));
      lock.acquire().close();
      eventually("released", () -> node.inspector().explain("a").isEmpty());
      source.executed();

      Hold hold = lock.acquire();
      assertThat(changes(source)).as("for an acquire").hasSize(1);
      hold.release();
      List<String> forRelease = new ArrayList<>();
      eventually("asked to release", () -> forRelease.addAll(changes(source)));
      eventually("released", () -> node.inspector().explain("a").isEmpty());
      changes(source).stream().filter(each -> each.contains("compare")).forEach(forRelease::add);
      assertThat(forRelease).as("for a release").hasSize(1);

      DistributedLock retained = node.lock("b");
      retained.acquire().close();
      changes(source);
      for (int i = 0; i < 100; i++) {
        retained.acquire().close();
      }
      assertThat(changes(source)).as("for locks that are retained").isEmpty();
    }
  }

  @Test
  void S03_thousandsOfLocksAreRenewedInOneRoundTrip() throws Exception {
    try (CountingDataSource source = new CountingDataSource(jdbcUrl());
        Holdfast node = overCounted(source, "renewals")) {
      List<Hold> holds = new ArrayList<>();
      List<CompletableFuture<Hold>> asked = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        asked.add(node.lock("n" + i).acquireAsync(Owner.of("o")).toCompletableFuture());
      }
      for (CompletableFuture<Hold> each : asked) {
        holds.add(each.get(60, TimeUnit.SECONDS));
      }
      source.executed();
      long begun = environment.ticker().nanoTime();
      List<String> renewals = new ArrayList<>();
      List<String> others = new ArrayList<>();
      while (renewals.size() < 2) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        for (String statement : source.executed()) {
          (statement.contains("SET expires_at") ? renewals : others).add(statement);
        }
      }
      assertThat(Duration.ofNanos(environment.ticker().nanoTime() - begun))
          .as("two renewals of a lease of 10 s")
          .isGreaterThan(Duration.ofSeconds(2));
      assertThat(others)
          .allMatch(statement -> statement.contains("notice") || isNoChangeOfALock(statement));
      assertThat(holds).allMatch(Hold::isHeld);
    }
  }

  private static boolean isNoChangeOfALock(String statement) {
    return statement.contains("SET channel") || statement.contains("SET report");
  }

  private Holdfast overCounted(CountingDataSource source, String space) {
    Engine engine = DatabaseEngine.builder(source).listen(false).open(space, environment);
    return Holdfast.builder("database:")
        .engine(engine)
        .environment(environment)
        .space(space)
        .retainFor(Duration.ofMinutes(1))
        .connect();
  }

  /** What has been executed, but for the look for notices and renewals. */
  private static List<String> changes(CountingDataSource source) {
    return source.executed().stream()
        .filter(sql -> !sql.contains("notice") && !sql.contains("SET expires_at"))
        .toList();
  }

  @Test
  void S30_anotherFormatIsRefused() {
    String table = qualifier() + "format";
    open("format");
    sql("UPDATE " + table + " SET number = 99");
    try {
      assertThatThrownBy(() -> open("format"))
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining("have format 99")
          .hasMessageContaining("upgrade Holdfast");
    } finally {
      sql("UPDATE " + table + " SET number = 1");
    }
  }

  @Test
  void whatIsWrongWithAnAddressIsSaid() {
    // MariaDB does not tell strangers what there is.
    assertRefused(wrongDatabase(), "no_such", "make the database", "give this user the rights");
    assertRefused(wrongUser(), "no connection", "check user and password");
    assertRefused(unreachable(), "no connection", "check that the server runs");
    assertRefused(
        uri() + "?holdfast.create=false&holdfast.schema=nowhere",
        settings(uri()).dialect().script(),
        "let somebody who may make them run",
        "give this user the rights");
  }

  /** It is run by the server's own client. */
  @Test
  @Tag(Layers.INSTALLED)
  void theScriptMakesTheTablesForAUserWhoMayNot() throws Exception {
    String locks = scripted("/" + settings(uri()).dialect().script());
    RecordStore store = open(locks + "?holdfast.create=false", "scripted");
    await(store.openSession(terms(), name -> {}));
    long version = write(store, "a", 0, "x").current().version();
    assertThat(write(store, "a", version, "y").current().version()).isGreaterThan(version);
  }

  /**
   * Runs a script as its head says, in a database of its own.
   *
   * @return the URI of that database for a user who may make no tables
   */
  abstract String scripted(String script) throws Exception;

  /** Runs a program to its end, with a script as its input. */
  static void run(String script, String... command) throws Exception {
    try (InputStream lines = ServerStore.class.getResourceAsStream(script)) {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      try (OutputStream input = process.getOutputStream()) {
        lines.transferTo(input);
      }
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(said).isZero();
    }
  }

  private void assertRefused(String uri, String problem, String... advice) {
    assertThatThrownBy(
            () -> new DatabaseEngineProvider().open(URI.create(uri), "w", environment).close())
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining(problem)
        .message()
        .containsAnyOf(advice)
        .doesNotContain("secret");
  }

  private String wrongDatabase() {
    return uri().substring(0, uri().lastIndexOf('/')) + "/no_such";
  }

  private String wrongUser() {
    return uri().replace("holdfast", "stranger").replace(":secret", ":secret2");
  }

  private String unreachable() {
    return uri().replace(":" + server().port(), ":" + ServerProcess.freePort());
  }

  @Test
  void theServerOfATestIsFoundFine() {
    List<Finding> findings = await(open("examined").examine());
    assertThat(findings).hasSizeGreaterThan(4);
    assertThat(findings).noneMatch(finding -> finding.level() == Finding.Level.UNSAFE);
  }
}
