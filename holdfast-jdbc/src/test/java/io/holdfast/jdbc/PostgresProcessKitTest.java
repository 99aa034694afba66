package io.holdfast.jdbc;

import io.holdfast.tck.ProcessKit;
import org.junit.jupiter.api.Tag;

/** The scenarios of real processes on PostgreSQL. */
@Tag("postgresql")
class PostgresProcessKitTest extends ProcessKit {

  @Override
  protected String engineUri() {
    // Hundreds of nodes that do next to nothing need no more.
    return Postgres.uri(Postgres.shared()) + "?holdfast.connections=2";
  }

  /** Each step is a commit to a disk, and each node a process of the server or two. */
  @Override
  protected int scaled(int full) {
    return chaos() ? full : Math.max(2, full / 10);
  }
}
