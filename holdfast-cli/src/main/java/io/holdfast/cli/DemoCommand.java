package io.holdfast.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code holdfast demo}: real processes, killed and stopped, on a plain file. */
@Command(
    name = "demo",
    subcommands = ChainDemoCommand.class,
    description = {
      "Shows with real processes what a lock is for and that it holds: a counter in a plain file"
          + " is incremented by several processes without a lock and with it, then a holder is"
          + " killed, then one is stopped for longer than its lease lasts.",
      "Uses a temporary directory and removes it."
    },
    footer = {
      "",
      "Exit code: 0 if everything went as promised, 1 if not.",
      "",
      "Examples:",
      "  holdfast demo",
      "  holdfast demo --processes 4 --increments 200",
      "  holdfast demo chain"
    })
final class DemoCommand extends EngineCommand {

  @Option(
      names = "--processes",
      paramLabel = "N",
      description = "How many processes, 2 to 64. Default: ${DEFAULT-VALUE}.")
  private int processes = 8;

  @Option(
      names = "--increments",
      paramLabel = "N",
      description = "How often each adds one, 1 to 100000. Default: ${DEFAULT-VALUE}.")
  private int increments = 1000;

  @Option(
      names = "--ttl",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      description = "The lease in the part with the stopped holder, 2s to 10m. Default: 2s.")
  private Duration ttl = Duration.ofSeconds(2);

  @Override
  public Integer call() throws IOException, InterruptedException {
    require("--processes", processes, 2, 64);
    require("--increments", increments, 1, 100_000);
    builder().ttl(ttl);
    try (DemoDirectory directory = DemoDirectory.make()) {
      String engine = namesEngine() ? engineUri() : directory.engine();
      Demo.Settings settings =
          new Demo.Settings(directory.path(), engine, processes, increments, ttl);
      List<Demo.Result> results = new Demo(settings, narrator()).play();
      return conclude(results);
    }
  }

  static void require(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new UsageException(
          option + " is " + least + " to " + most + ", not " + value + "; choose one of these");
    }
  }

  /** With --json the output is for the result alone. */
  private Narrator narrator() {
    return new Narrator(console(), json());
  }

  private int conclude(List<Demo.Result> results) {
    boolean kept = results.stream().allMatch(Demo.Result::good);
    Console console = console();
    if (json()) {
      List<Map<String, Object>> parts =
          results.stream()
              .map(
                  each ->
                      Json.object(
                          "part",
                          each.part(),
                          "ok",
                          each.good(),
                          "text",
                          each.text(),
                          "figures",
                          each.figures()))
              .toList();
      console.print(Json.document(Json.object("ok", kept, "parts", parts)));
    } else {
      console.print("");
      console.print(console.bold("Summary"));
      for (Demo.Result result : results) {
        String mark = result.good() ? console.good("ok ") : console.bad("BAD");
        console.print("  " + mark + "  " + String.format("%-16s", result.part()) + result.text());
      }
      console.print("");
      console.print(
          kept
              ? "The lease gives exclusion as far as clocks go; the token makes it safe."
              : "Not as promised: run 'holdfast doctor', and please report this with the output.");
    }
    return kept ? ExitCodes.OK : ExitCodes.NO;
  }

  /** Tells what happens, as it happens. */
  static final class Narrator {
    private final Console console;
    private final boolean aside;
    private final long start = Clock.nanos();

    Narrator(Console console, boolean aside) {
      this.console = console;
      this.aside = aside;
    }

    void chapter(String title) {
      write("");
      write(console.bold(title));
    }

    void tell(String line) {
      double seconds = Clock.since(start).toMillis() / 1000.0;
      write(String.format("%7.2f s  %s", seconds, line));
    }

    /** More about what was told last. */
    void add(String line) {
      write("           " + line);
    }

    private void write(String line) {
      if (aside) {
        console.tell(line);
      } else {
        console.print(line);
      }
    }

    /** Whether somebody looks on. */
    boolean showsProgress() {
      return console.isTerminal() && !aside;
    }

    /** A line that the next one replaces, where somebody looks on. */
    void progress(@Nullable String line) {
      if (!showsProgress()) {
        return;
      }
      if (line == null) {
        console.clearLine();
      } else {
        console.overwrite("           " + line, 80);
      }
    }
  }
}
