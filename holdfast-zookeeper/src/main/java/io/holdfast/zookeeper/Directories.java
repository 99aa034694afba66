package io.holdfast.zookeeper;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.zookeeper.CreateMode;

/** The nodes of a space that stay. */
final class Directories {

  private static final byte[] EMPTY = {};

  private Directories() {}

  /** Makes what is missing. */
  static CompletableFuture<Void> make(Wire wire, Layout layout) {
    List<CompletableFuture<Wire.Answer>> looks = new ArrayList<>();
    layout.directories().forEach(directory -> looks.add(wire.get(directory)));
    return CompletableFuture.allOf(looks.toArray(CompletableFuture<?>[]::new))
        .thenCompose(
            looked -> {
              List<CompletableFuture<Wire.Answer>> made = new ArrayList<>();
              for (int i = 0; i < looks.size(); i++) {
                if (looks.get(i).join().absent()) {
                  String directory = layout.directories().get(i);
                  made.add(wire.create(directory, EMPTY, CreateMode.PERSISTENT));
                }
              }
              return CompletableFuture.allOf(made.toArray(CompletableFuture<?>[]::new));
            });
  }
}
