package io.holdfast.cli;

import io.holdfast.LockReport;
import io.holdfast.rules.LockKind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Locks as text for people. */
final class Listing {

  private static final List<String> HEADINGS =
      List.of("NAME", "KIND", "HOLDER", "HOST", "PID", "FOR", "TOKEN", "WAITING");

  private Listing() {}

  /** A table with a line for each holder, and one for each lock that is only waited for. */
  static List<String> table(List<LockReport> reports, Instant now) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEADINGS);
    for (LockReport report : reports) {
      String waiting = Integer.toString(report.waiters().size());
      if (report.holders().isEmpty()) {
        rows.add(List.of(printable(report.name()), kind(report), "-", "-", "-", "-", "-", waiting));
      }
      for (LockReport.Holder holder : report.holders()) {
        rows.add(
            List.of(
                printable(report.name()),
                kind(report),
                printable(holder.owner()),
                printable(holder.party().host()),
                Long.toString(holder.party().pid()),
                age(holder.since(), now),
                Long.toString(holder.token()),
                waiting));
      }
    }
    return aligned(rows);
  }

  private static List<String> aligned(List<List<String>> rows) {
    int[] widths =
        IntStream.range(0, HEADINGS.size())
            .map(column -> rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0))
            .toArray();
    return rows.stream()
        .map(
            row -> {
              StringBuilder line = new StringBuilder();
              for (int column = 0; column < widths.length; column++) {
                String cell = row.get(column);
                line.append(cell).append(" ".repeat(widths[column] - cell.length() + 2));
              }
              return line.toString().stripTrailing();
            })
        .toList();
  }

  /** Sentences: who holds it, and who waits in which order. */
  static List<String> sentences(LockReport report, Instant now) {
    List<String> lines = new ArrayList<>();
    String name = printable(report.name());
    if (report.holders().isEmpty()) {
      lines.add(name + " (" + kind(report) + ") is being handed over.");
    }
    for (LockReport.Holder holder : report.holders()) {
      lines.add(
          name
              + " ("
              + kind(report)
              + ") is held by "
              + Waiting.describe(holder, now)
              + ", "
              + mode(holder.mode().toString())
              + ", token "
              + holder.token()
              + ".");
    }
    if (report.waiters().isEmpty()) {
      lines.add("Nobody waits for it.");
    }
    int place = 1;
    for (LockReport.Waiting waiter : report.waiters()) {
      lines.add(
          place++
              + ". "
              + party(waiter.party(), waiter.owner())
              + " has waited "
              + age(waiter.since(), now)
              + ", "
              + mode(waiter.mode().toString())
              + ".");
    }
    return lines;
  }

  /** For example: pid 4711 on host x (backup.sh). */
  static String party(LockReport.Party party, String owner) {
    return "pid "
        + party.pid()
        + " on host "
        + printable(party.host())
        + " ("
        + printable(owner)
        + ")";
  }

  private static String mode(String mode) {
    return mode.toLowerCase(Locale.ROOT);
  }

  private static String kind(LockReport report) {
    return report.kind().type() == LockKind.Type.SEMAPHORE
        ? "semaphore of " + report.kind().permits()
        : mode(report.kind().type().name()).replace('_', '-');
  }

  private static String age(Instant since, Instant now) {
    return DurationText.of(Duration.between(since, now));
  }

  /** Names come from anybody who may use the engine: what would steer the terminal is replaced. */
  static String printable(String text) {
    return text.codePoints()
        .map(each -> Character.isISOControl(each) ? '\uFFFD' : each)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }
}
