package io.holdfast.bench;

import io.holdfast.bench.HeapPerLock.What;
import io.holdfast.engine.Environment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Runs all benchmarks, prints a table and judges it by the budgets. */
public final class Suite {

  private static final Rounds.Pace FULL = new Rounds.Pace(5, 3, 3, 400);

  /** The compiler needs its time before nothing is allocated any more. */
  private static final Rounds.Pace QUICK = new Rounds.Pace(1, 3, 1, 300);

  private static final int LOCKS = 1_000_000;
  private static final int IDLE_LOCKS = 200_000;
  private static final int QUICK_LOCKS = 100_000;

  private Suite() {}

  /**
   * Exits with 0 if all budgets hold, with 1 if one was missed.
   *
   * @param args where to write the results as JSON; {@code --quick} to judge allocation and memory
   *     alone; and a text, to run only what has it in its path
   */
  public static void main(String[] args) {
    boolean quick = List.of(args).contains("--quick");
    List<String> rest = List.of(args).stream().filter(arg -> !arg.equals("--quick")).toList();
    Path file = Path.of(rest.get(0));
    String only = rest.size() > 1 ? rest.get(1) : "";
    Environment environment = Environment.system("holdfast-bench");
    Machine machine = Machine.here(environment);
    List<Row> rows = new ArrayList<>();
    rows.addAll(comparisons(new Rounds(quick ? QUICK : FULL, environment), only, !quick));
    rows.addAll(memory(quick, only));
    Report report = new Report(machine, List.copyOf(rows));
    report.write(file);
    System.out.println(report.table());
    System.out.println("Median (least–most) of the rounds. Written to " + file);
    System.exit(report.isWithinBudgets() ? 0 : 1);
  }

  private static List<Row> comparisons(Rounds rounds, String only, boolean judgesTimes) {
    List<Comparison> plan =
        Plan.all().stream().filter(comparison -> comparison.path().contains(only)).toList();
    Set<Subject> subjects = new LinkedHashSet<>();
    for (Comparison comparison : plan) {
      subjects.addAll(comparison.peer().parts());
      subjects.add(comparison.subject());
    }
    rounds.run(subjects);
    return plan.stream().map(comparison -> Row.of(comparison, rounds, judgesTimes)).toList();
  }

  private static List<Row> memory(boolean quick, String only) {
    List<Row> rows = new ArrayList<>();
    for (What what : What.values()) {
      if (("memory, " + what.path).contains(only)) {
        System.err.println("memory: " + what.path);
        int full = what == What.HELD_IN_SPACE ? LOCKS : IDLE_LOCKS;
        rows.add(Row.of(what, quick ? QUICK_LOCKS : full));
      }
    }
    return rows;
  }
}
