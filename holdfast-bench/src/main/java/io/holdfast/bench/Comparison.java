package io.holdfast.bench;

import java.util.List;

/**
 * A path of Holdfast beside what it is measured by.
 *
 * @param path what is done
 * @param subject the benchmark of Holdfast
 * @param peer the peer or the floor
 * @param budget what the path may cost
 */
record Comparison(String path, Subject subject, Peer peer, Budget budget) {

  /**
   * What a path is compared with.
   *
   * @param name for the table
   * @param parts the benchmarks whose values add up to it
   */
  record Peer(String name, List<Subject> parts) {

    Peer(String name, Subject single) {
      this(name, List.of(single));
    }
  }
}
