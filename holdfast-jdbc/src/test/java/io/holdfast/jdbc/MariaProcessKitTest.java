package io.holdfast.jdbc;

import io.holdfast.tck.Layers;
import io.holdfast.tck.ProcessKit;
import org.junit.jupiter.api.Tag;

/** The scenarios of real processes on MariaDB. */
@Tag("mariadb")
@Tag(Layers.INSTALLED)
class MariaProcessKitTest extends ProcessKit {

  @Override
  protected String engineUri() {
    // Hundreds of nodes that do next to nothing need no more.
    return Maria.uri(Maria.shared()) + "?holdfast.connections=2";
  }

  /** Each step is a commit to a disk, and each node a connection or two. */
  @Override
  protected int scaled(int full) {
    return chaos() ? full : Math.max(2, full / 10);
  }
}
