package io.holdfast.jdbc;

import io.holdfast.engine.Environment;
import io.holdfast.engine.Finding;
import io.holdfast.jdbc.ServerDialect.Notice;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one connection of a store that LISTENs, on a channel of the store's own, in a thread of its
 * own.
 */
final class PostgresListener {

  // Behind a pooler that lends a connection for a transaction only, LISTEN succeeds and nothing is
  // ever heard. Behind one that drops idle connections silently, neither. So the listener believes
  // in itself only after a notification that the store has sent to itself has come back, and asks
  // for another one whenever it has heard nothing for a while. What is lost in between, the waiters
  // ask for again and again.

  private static final Logger LOG = LoggerFactory.getLogger(PostgresListener.class);
  private static final long PROOF_NANOS = Duration.ofSeconds(3).toNanos();
  private static final long SILENCE_NANOS = Duration.ofSeconds(5).toNanos();
  private static final int WAIT_MILLIS = 1_000;
  private static final long FIRST_PAUSE_NANOS = Duration.ofMillis(250).toNanos();
  private static final long LONGEST_PAUSE_NANOS = Duration.ofSeconds(5).toNanos();
  private static final long DEAF_PAUSE_NANOS = Duration.ofMinutes(5).toNanos();
  private static final String PROOF = "proof";

  private final Connections source;
  private final Workers workers;
  private final Environment environment;
  private final String name;
  private final Thread thread;
  private Consumer<Notice> heard = notice -> {};
  private Runnable changed = () -> {};
  private volatile boolean proven;
  private volatile boolean deaf;
  private volatile boolean closed;
  private volatile @Nullable Connection connection;
  private boolean started;
  private boolean said;

  PostgresListener(Connections source, Workers workers, Environment environment) {
    this.source = source;
    this.workers = workers;
    this.environment = environment;
    name = "holdfast_" + HexFormat.of().toHexDigits(environment.random().nextLong());
    thread = new Thread(this::run, "holdfast-postgresql-listener");
    thread.setDaemon(true);
  }

  /**
   * Begins to listen; once is enough.
   *
   * @param onNotice called for what is heard
   * @param onChange called when {@link #channel} has another answer
   */
  synchronized void start(Consumer<Notice> onNotice, Runnable onChange) {
    if (started || closed) {
      return;
    }
    started = true;
    heard = onNotice;
    changed = onChange;
    thread.start();
  }

  /** The channel, if notifications on it are heard. */
  @Nullable String channel() {
    return proven ? name : null;
  }

  /** Ends; does not wait for it. */
  synchronized void close() {
    closed = true;
    Connection open = connection;
    if (open != null) {
      end(open);
    }
    environment.parker().unpark(thread);
  }

  private void run() {
    long pause = FIRST_PAUSE_NANOS;
    while (!closed) {
      boolean wasProven = false;
      try (Connection fresh = source.open()) {
        connection = fresh;
        try {
          attend(fresh);
        } finally {
          wasProven = proven;
          connection = null;
          end(fresh);
        }
      } catch (SQLException | RuntimeException failure) {
        LOG.debug("not listening for wake-ups now, looking for them instead", failure);
      }
      become(false);
      pause = wasProven ? FIRST_PAUSE_NANOS : Math.min(2 * pause, LONGEST_PAUSE_NANOS);
      if (!closed) {
        environment.parker().park(this, deaf ? DEAF_PAUSE_NANOS : pause);
      }
    }
  }

  /** Without a goodbye: it may be the network that is broken, and a pool must not reuse it. */
  private static void end(Connection open) {
    try {
      open.abort(Runnable::run);
    } catch (SQLException gone) {
      LOG.trace("it was broken already", gone);
    }
  }

  private void become(boolean now) {
    if (proven != now) {
      proven = now;
      changed.run();
    }
  }

  private void attend(Connection open) throws SQLException {
    PGConnection line = open.unwrap(PGConnection.class);
    open.setNetworkTimeout(Runnable::run, Math.toIntExact(Workers.PATIENCE.toMillis()));
    try (Statement listen = open.createStatement()) {
      listen.execute("LISTEN " + name);
    }
    long last = environment.ticker().nanoTime();
    CompletableFuture<?> proof = null;
    while (!closed) {
      long silence = environment.ticker().nanoTime() - last;
      if (proof == null && (!proven || silence > SILENCE_NANOS)) {
        proof = askForProof();
        last = environment.ticker().nanoTime();
      } else if (proof != null && silence > PROOF_NANOS) {
        judge(proof);
        return;
      }
      PGNotification[] notes = line.getNotifications(proof == null ? WAIT_MILLIS : 100);
      if (notes != null && notes.length > 0) {
        last = environment.ticker().nanoTime();
        proof = null;
        deaf = false;
        become(true);
        for (PGNotification note : notes) {
          pass(note);
        }
      }
    }
  }

  private CompletableFuture<?> askForProof() {
    return workers
        .submit(
            Workers.Nature.REPEATABLE,
            sql -> sql.first("SELECT pg_notify(?, ?)", row -> true, name, PROOF))
        .toCompletableFuture();
  }

  /** It was sent and did not come: then nothing ever will. */
  private void judge(CompletableFuture<?> proof) {
    deaf = !proven && proof.isDone() && !proof.isCompletedExceptionally();
    if (deaf && !said) {
      said = true;
      LOG.info(
          "notifications of PostgreSQL do not come through, as behind a pooler in transaction mode:"
              + " looking for wake-ups in a table instead, up to 200 times a second while locks are"
              + " contended; connect past the pooler for quicker hand-offs");
    }
  }

  private void pass(PGNotification note) {
    String[] parts = note.getParameter().split(" ", 2);
    if (note.getName().equals(name) && parts.length == 2) {
      String lock = StoredName.read(HexFormat.of().parseHex(parts[1]));
      heard.accept(new Notice(Long.parseLong(parts[0]), lock));
    }
  }

  /** Whether notifications come through. */
  Finding examine() {
    String subject = "LISTEN/NOTIFY";
    if (proven) {
      return new Finding(Finding.Level.FINE, subject, "notifications come through");
    }
    return deaf
        ? new Finding(
            Finding.Level.WARNING,
            subject,
            "notifications do not come through, as behind a pooler in transaction mode: wake-ups are"
                + " looked for in a table; connect past the pooler for quicker hand-offs")
        : new Finding(Finding.Level.UNKNOWN, subject, "not listening, or not for long enough yet");
  }
}
