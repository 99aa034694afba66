package io.holdfast.cli;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code holdfast demo chain}: a chain of waits through real processes, closed to a circle. */
@Command(
    name = "chain",
    description = {
      "Shows how a deadlock among many nodes is found and ended: each of 26 nodes, A to Z, in"
          + " several processes, takes its own lock and asks for the next one's. The chain grows;"
          + " then Z asks for the lock of A. One of them has to give way, and the others go on.",
      "Uses a temporary file unless an engine is named."
    },
    footer = {
      "",
      "Exit code: 0 if exactly one gave way and all others finished, 1 if not.",
      "",
      "Examples:",
      "  holdfast demo chain",
      "  holdfast demo chain --engine postgresql://localhost/app"
    })
final class ChainDemoCommand extends EngineCommand {

  @ParentCommand private DemoCommand demo = new DemoCommand();

  @Option(
      names = "--nodes",
      paramLabel = "N",
      description = "How many nodes, 2 to 26. Default: ${DEFAULT-VALUE}.")
  private int nodes = 26;

  @Option(
      names = "--processes",
      paramLabel = "N",
      description = "In how many processes they are, 1 to 26. Default: ${DEFAULT-VALUE}.")
  private int processes = 4;

  @Override
  public Integer call() throws IOException, InterruptedException {
    DemoCommand.require("--nodes", nodes, 2, 26);
    DemoCommand.require("--processes", processes, 1, 26);
    inherit();
    if (namesEngine() && engineUri().toLowerCase(Locale.ROOT).startsWith("memory:")) {
      throw new UsageException(
          "memory: reaches one process only, and the demo has several; name another engine");
    }
    try (DemoDirectory directory = DemoDirectory.make()) {
      String engine = namesEngine() ? frugal(engineUri()) : directory.engine();
      ChainDemo.Settings settings =
          new ChainDemo.Settings(engine, space(), nodes, Math.min(nodes, processes));
      DemoCommand.Narrator narrator = new DemoCommand.Narrator(console(), json());
      try (ChainDemo play = new ChainDemo(settings, narrator)) {
        return conclude(play.play());
      }
    }
  }

  /** What stands before the word chain counts as well. */
  private void inherit() {
    if (!namesEngine() && demo.namesEngine()) {
      useEngine(demo.engineUri());
      useSpace(demo.space());
    }
    if (demo.json()) {
      useJson();
    }
  }

  /**
   * So many nodes with a pool each would want more connections than a database lets in by default.
   */
  static String frugal(String uri) {
    boolean database = uri.matches("(?i)(postgres|postgresql|mariadb|mysql):.*");
    return !database || uri.contains("holdfast.connections=")
        ? uri
        : uri + (uri.contains("?") ? "&" : "?") + "holdfast.connections=2";
  }

  private int conclude(ChainDemo.Outcome outcome) {
    boolean kept = outcome.isAsPromised();
    Console console = console();
    if (json()) {
      console.print(Json.document(document(outcome)));
    } else {
      console.print("");
      String mark = kept ? console.good("ok ") : console.bad("BAD");
      console.print(
          "  "
              + mark
              + "  "
              + outcome.gaveWay().size()
              + " of "
              + nodes
              + " gave way, "
              + outcome.finished().size()
              + " finished");
      console.print("");
      console.print(
          kept
              ? "Locks taken in the same order everywhere, or with lockAll, cannot deadlock at all."
              : "Not as promised: run 'holdfast doctor', and please report this with the output.");
    }
    return kept ? ExitCodes.OK : ExitCodes.NO;
  }

  private Map<String, Object> document(ChainDemo.Outcome outcome) {
    List<Map<String, Object>> gaveWay =
        outcome.gaveWay().stream()
            .map(
                each ->
                    Json.object(
                        "node",
                        each.name(),
                        "afterMillis",
                        each.after().toMillis(),
                        "cycle",
                        each.cycle()))
            .toList();
    return Json.object(
        "ok",
        outcome.isAsPromised(),
        "nodes",
        nodes,
        "processes",
        Math.min(nodes, processes),
        "chain",
        outcome.chain(),
        "gaveWay",
        gaveWay,
        "finished",
        outcome.finished(),
        "failed",
        outcome.failed());
  }
}
