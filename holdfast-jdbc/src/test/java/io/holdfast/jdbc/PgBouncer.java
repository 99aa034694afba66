package io.holdfast.jdbc;

import io.holdfast.tck.ServerProcess;
import io.holdfast.tck.SharedServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** PgBouncer in transaction mode, for tests. */
final class PgBouncer {

  private static final SharedServer SHARED = new SharedServer(() -> before(Postgres.shared()));

  private PgBouncer() {}

  /** The pooler before the server that tests share. */
  static ServerProcess shared() {
    return SHARED.get();
  }

  /** Starts a pooler before a server; skips the test if there is none. */
  static ServerProcess before(ServerProcess postgres) {
    Path program = ServerProcess.require("pgbouncer", "apt-get install -y pgbouncer");
    ServerProcess pooler =
        ServerProcess.program(program)
            .user("nobody")
            .arguments("{directory}/pgbouncer.ini")
            .create();
    try {
      Files.writeString(
          pooler.directory().resolve("pgbouncer.ini"),
          """
          [databases]
          * = host=127.0.0.1 port=%d user=holdfast
          [pgbouncer]
          listen_addr = 127.0.0.1
          listen_port = %d
          unix_socket_dir =
          auth_type = any
          pool_mode = transaction
          default_pool_size = 20
          max_client_conn = 2000
          ignore_startup_parameters = extra_float_digits
          """
              .formatted(postgres.port(), pooler.port()));
      pooler.start();
      return pooler;
    } catch (IOException failure) {
      pooler.close();
      throw new UncheckedIOException(failure);
    } catch (RuntimeException | Error failure) {
      pooler.close();
      throw failure;
    }
  }
}
