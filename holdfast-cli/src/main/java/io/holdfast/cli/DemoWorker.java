package io.holdfast.cli;

import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.HoldfastBuilder;
import io.holdfast.fence.StaleTokenException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * A process of the demo. It takes orders line by line from its input, answers line by line, and
 * ends with its input, so that none is left behind when the demo is killed.
 */
@Command(name = DemoWorker.NAME, hidden = true)
final class DemoWorker implements Callable<Integer> {

  static final String NAME = "demo-worker";
  static final String LOCK = "demo/counter";
  static final String COUNTER = "counter";
  static final String LOG = "log";

  /** What a worker does when told to go. */
  enum Task {
    /** Increment without a lock. */
    UNLOCKED,
    /** Increment under the lock, and log each token. */
    LOCKED,
    /** Take the lock and read, then do each further step when told. */
    STEPWISE,
    /** Several nodes of the chain: each takes its lock, and asks for the next one when told. */
    CHAIN
  }

  @Option(names = "--task")
  private Task task = Task.UNLOCKED;

  @Option(names = "--engine")
  private String engine = "";

  @Option(names = "--space")
  private String space = HoldfastBuilder.DEFAULT_SPACE;

  /** Nodes of the chain, each with the one after it: {@code A>B}. */
  @Option(names = "--members", split = ",")
  private List<String> members = List.of();

  @Option(names = "--prefix")
  private String prefix = "";

  @Option(names = "--directory")
  private Path directory = Path.of("");

  @Option(names = "--increments")
  private int increments;

  @Option(names = "--ttl", converter = DurationConverter.class)
  private Duration ttl = Duration.ofSeconds(10);

  private final BufferedReader orders =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (task == Task.CHAIN) {
      chain();
      return ExitCodes.OK;
    }
    CounterFile counter = new CounterFile(directory.resolve(COUNTER));
    if (task == Task.UNLOCKED) {
      answer("ready");
      awaitOrder("go");
      for (int i = 0; i < increments; i++) {
        counter.increment();
      }
      answer("done");
      return ExitCodes.OK;
    }
    try (Holdfast locks = Holdfast.builder(engine).ttl(ttl).connect()) {
      answer("ready");
      awaitOrder("go");
      if (task == Task.LOCKED) {
        incrementLocked(locks, counter);
      } else {
        stepwise(locks, counter);
      }
    }
    return ExitCodes.OK;
  }

  private void incrementLocked(Holdfast locks, CounterFile counter)
      throws IOException, InterruptedException {
    Path log = directory.resolve(LOG);
    for (int i = 0; i < increments; i++) {
      try (Hold hold = locks.lock(LOCK).acquire()) {
        long value = counter.increment();
        String line = hold.token() + " " + value + " " + ProcessHandle.current().pid() + "\n";
        Files.writeString(log, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      }
    }
    answer("done");
  }

  private void stepwise(Holdfast locks, CounterFile counter)
      throws IOException, InterruptedException {
    FileFence fence = new FileFence(counter.file());
    try (Hold hold = locks.lock(LOCK).acquire()) {
      long value = counter.read() + 1;
      answer("holding " + hold.token());
      awaitOrder("write");
      // The mistake that fencing is for: the worker does not look whether it still has the lock.
      try {
        fence.guard(hold.token(), () -> counter.write(value));
        answer("written " + value);
      } catch (StaleTokenException stale) {
        answer("refused " + stale.getMessage());
      }
      awaitOrder("release");
    }
    answer("done");
  }

  /** Ends with its input. */
  private void chain() throws IOException {
    Map<String, ChainMember> chain = new HashMap<>();
    for (String member : members) {
      String[] names = member.split(">", 2);
      chain.put(names[0], new ChainMember(names[0], names[1], prefix, DemoWorker::answer));
    }
    chain.values().forEach(each -> each.start(Holdfast.builder(engine).space(space)));
    String order = orders.readLine();
    while (order != null) {
      ChainMember told = chain.get(order);
      if (told != null) {
        told.ask();
      }
      order = orders.readLine();
    }
  }

  private void awaitOrder(String expected) throws IOException {
    String order = orders.readLine();
    if (!expected.equals(order)) {
      throw new ExitException(
          ExitCodes.FAILED, "the demo has ended without this worker; start it again");
    }
  }

  private static void answer(String line) {
    System.out.println(line);
    System.out.flush();
  }
}
