package io.holdfast.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/**
 * The results of a run.
 *
 * @param machine what it ran on
 * @param rows the lines
 */
record Report(Machine machine, List<Row> rows) {

  /** A column of the table. */
  private record Column(String title, Function<Row, String> cell) {}

  private static final List<Column> COLUMNS =
      List.of(
          new Column("path", Row::path),
          new Column("measured", Row::measuredText),
          new Column("peer or floor", Row::peerText),
          new Column("ratio", Row::ratioText),
          new Column("B/op", Row::allocatedText),
          new Column("budget", Row::budget),
          new Column("", Row::verdictText));

  boolean isWithinBudgets() {
    return rows.stream().noneMatch(row -> row.verdict() == Row.Verdict.MISSED);
  }

  /** As a table in Markdown. */
  String table() {
    StringBuilder table = new StringBuilder(machine.text()).append("\n\n");
    List<Integer> widths = COLUMNS.stream().map(this::width).toList();
    appendLine(table, widths, Column::title);
    table.append('|');
    widths.forEach(width -> table.append("-".repeat(width + 2)).append('|'));
    table.append('\n');
    rows.forEach(row -> appendLine(table, widths, column -> column.cell.apply(row)));
    return table.toString();
  }

  private int width(Column column) {
    return rows.stream()
        .mapToInt(row -> column.cell.apply(row).length())
        .reduce(column.title.length(), Math::max);
  }

  private static void appendLine(
      StringBuilder table, List<Integer> widths, Function<Column, String> cell) {
    table.append('|');
    for (int i = 0; i < COLUMNS.size(); i++) {
      String text = cell.apply(COLUMNS.get(i));
      table.append(' ').append(text).append(" ".repeat(widths.get(i) - text.length())).append(" |");
    }
    table.append('\n');
  }

  void write(Path file) {
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    try {
      Files.writeString(file, mapper.writeValueAsString(this) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file + ": is there room?", e);
    }
  }
}
