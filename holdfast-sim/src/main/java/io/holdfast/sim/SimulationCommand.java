package io.holdfast.sim;

import java.io.PrintWriter;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command {@code holdfast-sim/run}. */
@Command(
    name = "holdfast-sim/run",
    mixinStandardHelpOptions = true,
    description = {
      "Runs simulated worlds until they have had a number of events, and says what happened in"
          + " them.",
      "Ends with 1 at the first world in which a rule of Holdfast is broken, and prints the line"
          + " that replays it."
    })
public final class SimulationCommand implements Callable<Integer> {

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "how many events at least; default ${DEFAULT-VALUE}")
  private long events;

  @Option(
      names = "--first-seed",
      paramLabel = "SEED",
      defaultValue = "1",
      description = "the seed of the first world; the others follow; default ${DEFAULT-VALUE}")
  private long firstSeed;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description = "how many worlds run at once; default one for each processor")
  private int jobs = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "replays the world of one seed, and prints everything that happens in it")
  private @Nullable Long seed;

  @Option(
      names = "--theme",
      paramLabel = "THEME",
      defaultValue = "USUAL",
      description =
          "what users do, of ${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}. Worlds with odd"
              + " seeds have no faults, unless they are usual ones")
  private Theme theme = Theme.USUAL;

  @Option(
      names = "--store",
      paramLabel = "STORE",
      defaultValue = "ANY",
      description =
          "how the store fails, of ${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}, which are"
              + " all kinds of engines")
  private StoreProfile store = StoreProfile.ANY;

  @Option(
      names = "--rings",
      paramLabel = "N",
      description = "runs worlds of rings until so many rings have ended, instead of --events")
  private long rings;

  @Option(
      names = "--faults",
      paramLabel = "FAULT",
      split = ",",
      description = "what may go wrong, of ${COMPLETION-CANDIDATES}; default all")
  private Set<Fault> faults = EnumSet.allOf(Fault.class);

  private final Coverage total = new Coverage();
  private final AtomicLong nextSeed = new AtomicLong();
  private final AtomicLong done = new AtomicLong();
  private final AtomicBoolean failed = new AtomicBoolean();
  private long worlds;
  private long told;

  /** Made by picocli. */
  public SimulationCommand() {}

  /** Runs the command and exits. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new SimulationCommand()).execute(arguments));
  }

  private PrintWriter out() {
    if (spec == null) {
      throw new IllegalStateException("the command was not started by its command line");
    }
    return spec.commandLine().getOut();
  }

  @Override
  public Integer call() {
    if (seed != null) {
      Simulation.Outcome outcome = Simulation.run(scene(), seed, out()::println);
      tell(outcome);
      return outcome.violation() == null ? 0 : 1;
    }
    nextSeed.set(firstSeed);
    CompletableFuture<?>[] workers =
        IntStream.range(0, Math.max(1, jobs))
            .mapToObj(worker -> CompletableFuture.runAsync(this::work, Simulation::inThread))
            .toArray(CompletableFuture[]::new);
    CompletableFuture.allOf(workers).join();
    summary();
    return failed.get() ? 1 : 0;
  }

  private Scene scene() {
    return new Scene(rings > 0 ? Theme.RINGS : theme, store, faults);
  }

  private void work() {
    while (!isEnough() && !failed.get()) {
      Simulation.Outcome outcome = Simulation.run(scene(), nextSeed.getAndIncrement(), null);
      collect(outcome);
    }
  }

  private synchronized boolean isEnough() {
    return rings > 0 ? total.of(Rings.ENDED) >= rings : done.get() >= events;
  }

  private synchronized void collect(Simulation.Outcome outcome) {
    worlds++;
    total.addAll(outcome.coverage());
    long now = done.addAndGet(outcome.events());
    if (outcome.violation() != null) {
      failed.set(true);
      tell(outcome);
    } else if (now * 20 / events > told) {
      told = now * 20 / events;
      out().printf(Locale.ROOT, "%,d of %,d events in %,d worlds%n", now, events, worlds);
      out().flush();
    }
  }

  private void tell(Simulation.Outcome outcome) {
    Throwable violation = outcome.violation();
    if (violation == null) {
      out()
          .printf(
              Locale.ROOT,
              "seed %d: %,d events, fingerprint %016x, no rule broken%n",
              outcome.seed(),
              outcome.events(),
              outcome.fingerprint());
    } else {
      out()
          .printf(
              Locale.ROOT,
              "BROKEN after %,d events: %s%nreplay: %s%n",
              outcome.events(),
              violation.getMessage(),
              outcome.replayLine());
      violation.printStackTrace(out());
    }
    out().flush();
  }

  private void summary() {
    out().printf(Locale.ROOT, "%n%,d events in %,d worlds%n", done.get(), worlds);
    total.all().forEach((what, times) -> out().printf(Locale.ROOT, "%,14d  %s%n", times, what));
    out().flush();
  }
}
