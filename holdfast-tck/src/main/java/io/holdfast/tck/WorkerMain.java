package io.holdfast.tck;

import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.Owner;
import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment;
import io.holdfast.engine.SessionListener;
import io.holdfast.rules.Event;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The main program of a {@link Worker}: some nodes, and what they hold.
 *
 * <p>Orders come line by line, are carried out side by side, and are answered by {@code ok} or
 * {@code failed}. What a test needs comes with its first order, {@code begin}, and all of it goes
 * with its last one, {@code over}. When the input ends, the main thread returns and nothing is
 * closed: what still runs are threads of Holdfast and others that do not keep a process alive.
 */
final class WorkerMain {

  private static final PrintStream ANSWERS = System.out;

  /** How long it may take to end once its input has ended; much more than it should. */
  private static final Duration LONGEST_END = Duration.ofMinutes(2);

  /** How long an order may go on once its nodes are closed and its thread is interrupted. */
  private static final Duration LONGEST_ORDER = Duration.ofSeconds(5);

  /** The exit code of a process that did not end by itself. */
  private static final int HALTED = 3;

  private final String uri;
  private final String space;
  private final Environment environment = Environment.system("worker");
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "worker-order");
            thread.setDaemon(true);
            return thread;
          });
  private final Map<String, Holdfast> nodes = new ConcurrentHashMap<>();
  private final Map<String, Hold> holds = new ConcurrentHashMap<>();
  private final AtomicLong renewals = new AtomicLong();
  private final AtomicLong events = new AtomicLong();

  private WorkerMain(String uri, String space) {
    this.uri = uri;
    this.space = space;
  }

  /** Carries out orders, for one test after the other. */
  public static void main(String[] arguments) throws IOException {
    WorkerMain worker = new WorkerMain("", "");
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      List<String> words = Arrays.asList(line.split(Worker.SEPARATOR, -1));
      if (words.get(1).equals("begin")) {
        worker = new WorkerMain(words.get(2), words.get(3));
        answer(words.get(0), "begun", null);
      } else {
        worker.take(words.get(0), words.subList(1, words.size()));
      }
    }
    haltLater();
  }

  private void take(String number, List<String> order) {
    Runnable work = () -> obey(number, order);
    if (order.equals(List.of("over"))) {
      // It ends the other threads.
      new Thread(work, "worker-over").start();
    } else {
      threads.execute(work);
    }
  }

  /** Whatever does not let the process end by itself, it ends. */
  private static void haltLater() {
    Thread thread =
        new Thread(
            () -> {
              LockSupport.parkNanos(LONGEST_END.toNanos());
              Runtime.getRuntime().halt(HALTED);
            });
    thread.setDaemon(true);
    thread.start();
  }

  private void obey(String number, List<String> order) {
    CompletionStage<?> done;
    try {
      done = perform(order.get(0), order.subList(1, order.size()));
    } catch (Exception | LinkageError failure) {
      done = CompletableFuture.failedFuture(failure);
    }
    done.whenComplete((answer, failure) -> answer(number, answer, failure));
  }

  private static void answer(String number, @Nullable Object answer, @Nullable Throwable failure) {
    String line =
        number
            + Worker.SEPARATOR
            + (failure == null ? "ok" : "failed")
            + Worker.SEPARATOR
            + (failure == null ? answer : failure);
    synchronized (ANSWERS) {
      ANSWERS.println(line.replace('\n', ' '));
      ANSWERS.flush();
    }
  }

  private CompletionStage<?> perform(String verb, List<String> words) throws Exception {
    String node = words.isEmpty() ? "" : words.get(0);
    return switch (verb) {
      case "over" -> done(end());
      case "open" -> openAsMain(node, Duration.ofMillis(Long.parseLong(words.get(1))));
      case "close" -> done(close(node));
      case "acquire" -> acquire(node, words.get(1));
      case "visit" ->
          acquire(node, words.get(1)).thenApply(token -> leave(node, words.get(1), token));
      case "remaining" -> done(hold(node, words.get(1)).remaining().toMillis());
      case "release" -> done(hold(node, words.get(1)).release());
      case "held" -> done(hold(node, words.get(1)).isHeld());
      case "run" -> {
        Class<? extends WorkerTask> task = Class.forName(node).asSubclass(WorkerTask.class);
        List<String> arguments = words.subList(1, words.size());
        yield done(task.getDeclaredConstructor().newInstance().perform(this, arguments));
      }
      default -> throw new IllegalArgumentException("no order " + verb);
    };
  }

  private static CompletionStage<Object> done(Object answer) {
    return CompletableFuture.completedFuture(answer);
  }

  /**
   * Opens a node in a thread that is no daemon, as the main thread of most programs, because being
   * one is inherited by the threads that Holdfast makes.
   */
  private CompletionStage<String> openAsMain(String node, Duration ttl) {
    CompletableFuture<String> opened = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                opened.complete(open(node, ttl));
              } catch (RuntimeException failure) {
                opened.completeExceptionally(failure);
              }
            });
    thread.setDaemon(false);
    thread.start();
    return opened;
  }

  /** Opens a node whose renewals and events are counted. */
  private String open(String node, Duration ttl) {
    return open(node, ttl, Counting::new);
  }

  /** Opens a node on an engine that stands before the real one. */
  String open(String node, Duration ttl, UnaryOperator<Engine> filter) {
    Engine engine = filter.apply(LockLab.openEngine(uri, space, environment));
    nodes.put(
        node, Holdfast.builder(uri).space(space).node(node).ttl(ttl).engine(engine).connect());
    return "open";
  }

  private final class Counting extends EngineFilter {

    Counting(Engine good) {
      super(good);
    }

    @Override
    CompletionStage<Void> renew(EngineSession session) {
      renewals.incrementAndGet();
      return super.renew(session);
    }

    @Override
    void tell(SessionListener listener, String name, Event event) {
      events.incrementAndGet();
      super.tell(listener, name, event);
    }
  }

  private String close(String node) {
    node(node).close();
    return "closed";
  }

  /** Closes all nodes, side by side, and ends the orders that are still carried out. */
  private String end() throws InterruptedException {
    List<CompletableFuture<Void>> closed =
        nodes.values().stream()
            .map(node -> CompletableFuture.runAsync(node::close, threads))
            .toList();
    closed.forEach(CompletableFuture::join);
    threads.shutdownNow();
    if (!threads.awaitTermination(LONGEST_ORDER.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new IllegalStateException("an order does not end; end this process");
    }
    environment.scheduler().close();
    return "over";
  }

  /** An open node. */
  Holdfast node(String name) {
    Holdfast node = nodes.get(name);
    if (node == null) {
      throw new IllegalArgumentException("open node " + name + " first");
    }
    return node;
  }

  Environment environment() {
    return environment;
  }

  ExecutorService threads() {
    return threads;
  }

  /** How often the nodes of this process have asked for a renewal. */
  long renewals() {
    return renewals.get();
  }

  /** How many events the nodes of this process have been told. */
  long events() {
    return events.get();
  }

  /** The hold that an order has acquired. */
  Hold hold(String node, String name) {
    Hold hold = holds.get(node + " " + name);
    if (hold == null) {
      throw new IllegalArgumentException(node + " has not acquired " + name);
    }
    return hold;
  }

  /** One owner per node; it may wait for a lock any number of times. */
  private CompletionStage<Long> acquire(String node, String name) {
    return node(node)
        .lock(name)
        .acquireAsync(Owner.of(node))
        .thenApply(
            hold -> {
              holds.put(node + " " + name, hold);
              return hold.token();
            });
  }

  private Long leave(String node, String name, Long token) {
    hold(node, name).close();
    return token;
  }
}
