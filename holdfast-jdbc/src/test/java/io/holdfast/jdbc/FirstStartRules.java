package io.holdfast.jdbc;

import static io.holdfast.jdbc.Bench.await;
import static io.holdfast.jdbc.Bench.bytes;
import static io.holdfast.jdbc.Bench.terms;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.engine.Environment;
import io.holdfast.engine.RecordStore;
import io.holdfast.engine.RecordStore.Write;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What happens on a database without tables: whoever comes makes what is missing. */
interface FirstStartRules {

  /** Some nodes that start at once. */
  int NODES = 12;

  /** A database of which nobody has heard. */
  record Fresh(String uri, String jdbcUrl) {}

  /** Makes an empty database. */
  Fresh emptyDatabase(String name);

  /** What makes the tables, one after the other. */
  List<String> statements();

  @Test
  default void F52_nodesThatStartAtOnceOnAnEmptyDatabaseAllGetIn() throws Exception {
    for (int round = 0; round < 4; round++) {
      assertThatAllGetIn(emptyDatabase("crowd" + round).uri());
    }
  }

  /** Opens stores of one space at the same time. */
  static void assertThatAllGetIn(String uri) throws Exception {
    CountDownLatch all = new CountDownLatch(NODES);
    ExecutorService threads = Executors.newFixedThreadPool(NODES);
    try {
      List<Future<Long>> nodes = new ArrayList<>();
      for (int i = 0; i < NODES; i++) {
        nodes.add(
            threads.submit(
                () -> {
                  all.countDown();
                  all.await();
                  return use(uri);
                }));
      }
      List<Long> sessions = new ArrayList<>();
      for (Future<Long> node : nodes) {
        sessions.add(node.get(60, TimeUnit.SECONDS));
      }
      assertThat(sessions).doesNotHaveDuplicates();
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  default void F52_whatAKilledNodeHasLeftHalfMadeIsCompleted() throws SQLException {
    List<String> statements = statements();
    assertThat(statements).hasSizeGreaterThan(8);
    for (int done = 0; done <= statements.size(); done++) {
      Fresh database = emptyDatabase("half" + done);
      try (Connection connection = DriverManager.getConnection(database.jdbcUrl());
          Statement statement = connection.createStatement()) {
        for (String each : statements.subList(0, done)) {
          statement.execute(each);
        }
      }
      assertThat(use(database.uri())).as("after %d statements", done).isPositive();
    }
  }

  /** Opens a store, opens a session, writes; returns the session. */
  private static long use(String uri) {
    Environment environment = Environment.system("first");
    try (RecordStore store =
        ServerStore.open(ServerStoreRules.settings(uri), "first", environment)) {
      long session = await(store.openSession(terms(), name -> {}));
      Write write = new Write("n" + session, 0, bytes("x"), Set.of());
      assertThat(await(store.compareAndSet(write)).written()).isTrue();
      return session;
    } finally {
      environment.scheduler().close();
    }
  }
}
