package io.holdfast.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Where the command writes: results to the output, everything else to the error output. */
final class Console {

  // Java 17 cannot tell which of its three streams is a terminal. The launcher can, and says it in
  // a system property that lists them; without the launcher, none counts as one.

  private static final String TERMINALS = "holdfast.terminals";
  private static final int DEFAULT_COLUMNS = 80;

  private final PrintWriter out;
  private final PrintWriter err;
  private final boolean terminal;
  private final boolean coloured;

  Console(PrintWriter out, PrintWriter err, boolean terminal, boolean coloured) {
    this.out = out;
    this.err = err;
    this.terminal = terminal;
    this.coloured = coloured;
  }

  /** The console of this process, with given writers. */
  static Console of(PrintWriter out, PrintWriter err) {
    return new Console(out, err, isTerminal(2), isTerminal(1) && colourWanted());
  }

  /** Whether a stream of this process is a terminal: 0 input, 1 output, 2 error output. */
  static boolean isTerminal(int stream) {
    return System.getProperty(TERMINALS, "").contains(Integer.toString(stream));
  }

  private static boolean colourWanted() {
    @Nullable String unwanted = System.getenv("NO_COLOR");
    return (unwanted == null || unwanted.isEmpty()) && !"dumb".equals(System.getenv("TERM"));
  }

  PrintWriter out() {
    return out;
  }

  PrintWriter err() {
    return err;
  }

  /** Whether somebody is looking at the error output. */
  boolean isTerminal() {
    return terminal;
  }

  /** A line of the result. */
  void print(String line) {
    out.println(line);
    out.flush();
  }

  /** A line for the user that is not the result. */
  void tell(String line) {
    err.println(line);
    err.flush();
  }

  /** Writes over the present line of the error output, which must be a terminal. */
  void overwrite(String line, int columns) {
    String fitting =
        line.length() < columns ? line : line.substring(0, Math.max(0, columns - 2)) + "…";
    err.print("\r\u001b[K" + fitting);
    err.flush();
  }

  /** Empties the present line of the error output, which must be a terminal. */
  void clearLine() {
    err.print("\r\u001b[K");
    err.flush();
  }

  String bold(String text) {
    return coloured ? "\u001b[1m" + text + "\u001b[0m" : text;
  }

  String good(String text) {
    return coloured ? "\u001b[32m" + text + "\u001b[0m" : text;
  }

  String bad(String text) {
    return coloured ? "\u001b[31m" + text + "\u001b[0m" : text;
  }

  /** How wide the terminal behind the error output is. */
  static int columns() {
    try {
      Process stty =
          new ProcessBuilder("/bin/sh", "-c", "stty size <&2")
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String[] size =
          new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
              .strip()
              .split(" ", 2);
      if (stty.waitFor(1, TimeUnit.SECONDS) && size.length == 2) {
        int columns = Integer.parseInt(size[1]);
        return columns > 0 ? columns : DEFAULT_COLUMNS;
      }
      return DEFAULT_COLUMNS;
    } catch (IOException | NumberFormatException unknown) {
      return DEFAULT_COLUMNS;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return DEFAULT_COLUMNS;
    }
  }
}
