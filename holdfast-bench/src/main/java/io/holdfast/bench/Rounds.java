package io.holdfast.bench;

import io.holdfast.engine.Environment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs benchmarks in rounds and keeps what each gave. In a round every benchmark runs once, in a
 * JVM of its own, with its peers next to it: a disturbance of the machine hits both or shows as an
 * outlier among the ratios.
 */
final class Rounds {

  private static final String ALLOCATED = "gc.alloc.rate.norm";

  /** What one run gave. */
  private record Outcome(double score, String unit, double allocated) {}

  /**
   * How long to run.
   *
   * @param rounds how many rounds
   * @param warmUps how many iterations of each benchmark before those that count
   * @param iterations how many iterations that count
   * @param iterationMillis the length of an iteration
   */
  record Pace(int rounds, int warmUps, int iterations, long iterationMillis) {}

  private final Pace pace;
  private final Environment environment;
  private final Map<Subject, List<Outcome>> outcomes = new LinkedHashMap<>();

  Rounds(Pace pace, Environment environment) {
    this.pace = pace;
    this.environment = environment;
  }

  int count() {
    return pace.rounds;
  }

  void run(Set<Subject> subjects) {
    long start = environment.ticker().nanoTime();
    int done = 0;
    int all = subjects.size() * pace.rounds;
    for (int round = 1; round <= pace.rounds; round++) {
      for (Subject subject : subjects) {
        Outcome outcome = run(subject);
        outcomes.computeIfAbsent(subject, any -> new ArrayList<>()).add(outcome);
        done++;
        long passed = environment.ticker().nanoTime() - start;
        System.err.printf(
            "round %d of %d, %d of %d, about %d s left: %s: %.2f %s%n",
            round,
            pace.rounds,
            done,
            all,
            Duration.ofNanos(passed / done * (all - done)).toSeconds(),
            subject,
            outcome.score,
            outcome.unit);
      }
    }
  }

  private Outcome run(Subject subject) {
    TimeValue iteration = TimeValue.milliseconds(pace.iterationMillis);
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include(subject.pattern())
            .threads(subject.threads())
            .forks(1)
            .warmupIterations(pace.warmUps)
            .warmupTime(iteration)
            .measurementIterations(pace.iterations)
            .measurementTime(iteration)
            .addProfiler(GCProfiler.class)
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT);
    subject.parameters().forEach(options::param);
    try {
      return outcome(subject, new Runner(options.build()).run());
    } catch (RunnerException e) {
      throw new IllegalStateException(subject + " failed: see above", e);
    }
  }

  private static Outcome outcome(Subject subject, Collection<RunResult> results) {
    if (results.size() != 1) {
      throw new IllegalStateException(subject + " gave " + results.size() + " results, not one");
    }
    RunResult result = results.iterator().next();
    Result<?> score = result.getPrimaryResult();
    Result<?> allocated = result.getSecondaryResults().get(ALLOCATED);
    if (allocated == null) {
      throw new IllegalStateException(subject + " gave no " + ALLOCATED);
    }
    return new Outcome(score.getScore(), score.getScoreUnit(), allocated.getScore());
  }

  /** The unit of a benchmark's values, as it follows a number. */
  String unit(Subject subject) {
    String unit = of(subject).get(0).unit;
    return unit.equals("ops/us") ? "/µs" : " " + unit.replace("/op", "").replace("us", "µs");
  }

  /** The sum of some benchmarks' values, over the rounds. */
  Spread score(List<Subject> parts) {
    return Spread.over(count(), round -> sum(parts, round));
  }

  /** How many times the sum a value is, over the rounds. */
  Spread ratio(Subject subject, List<Subject> parts) {
    return Spread.over(count(), round -> of(subject).get(round).score / sum(parts, round));
  }

  /** How many bytes an operation allocates, over the rounds. */
  Spread allocated(Subject subject) {
    return Spread.over(count(), round -> of(subject).get(round).allocated);
  }

  private double sum(List<Subject> parts, int round) {
    ToDoubleFunction<Subject> score = part -> of(part).get(round).score;
    return parts.stream().mapToDouble(score).sum();
  }

  private List<Outcome> of(Subject subject) {
    return outcomes.getOrDefault(subject, List.of());
  }
}
