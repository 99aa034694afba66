package io.holdfast.peers;

import io.holdfast.engine.Environment;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** One of the processes of {@link HandOffs}. */
final class HandOffWorker {

  /** How its answers begin; libraries print too. */
  static final String ANSWER = "answer: ";

  private final Environment.Ticker clock = Environment.system("worker").ticker();
  private final ExecutorService threads = Executors.newFixedThreadPool(HandOffs.THREADS);
  private final Contender contender;
  private final SharedCount shared;

  private HandOffWorker(Contender contender, SharedCount shared) {
    this.contender = contender;
    this.shared = shared;
  }

  /** Arguments: the store, the library, the port and the shared file. */
  public static void main(String[] arguments) throws Exception {
    Contender contender =
        Store.valueOf(arguments[0]).connect(arguments[1], Integer.parseInt(arguments[2]));
    HandOffWorker worker = new HandOffWorker(contender, SharedCount.open(Path.of(arguments[3])));
    System.out.println(ANSWER + "ready");
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      System.out.println(ANSWER + worker.run(Long.parseLong(line)));
    }
    System.exit(0);
  }

  private String run(long millis) {
    long end = clock.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    List<CompletableFuture<Long>> counts = new ArrayList<>();
    for (int i = 0; i < HandOffs.THREADS; i++) {
      counts.add(CompletableFuture.supplyAsync(() -> visit(end), threads));
    }
    return counts.stream()
        .map(CompletableFuture::join)
        .map(String::valueOf)
        .collect(Collectors.joining(" "));
  }

  private long visit(long end) {
    long count = 0;
    while (end - clock.nanoTime() > 0) {
      try {
        Contender.Taken taken = contender.take("contended");
        shared.increment(ProcessHandle.current().pid());
        taken.release();
      } catch (Exception failure) {
        throw new IllegalStateException("a contended lock failed; look at its cause", failure);
      }
      // What was waited for beyond the end is not part of the round.
      count += end - clock.nanoTime() > 0 ? 1 : 0;
    }
    return count;
  }
}
