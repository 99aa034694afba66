package io.holdfast.cli;

import io.holdfast.Holdfast;
import io.holdfast.LockReport;
import io.holdfast.WaitChain;
import io.holdfast.engine.LockNames;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code holdfast explain NAME}: who holds a lock, what they wait for, and who waits for it. */
@Command(
    name = "explain",
    description = {
      "Says who holds a lock, since when, and who waits for it in which order; and, if a holder"
          + " itself waits for a lock, who holds that one, and so on to the end of the chain. A"
          + " chain that goes round is a deadlock if it lasts."
    },
    footer = {
      "",
      "Exit code: 0, whether the lock is held or free; with --json, a free lock has no holders.",
      "",
      "Examples:",
      "  holdfast explain nightly",
      "  holdfast explain nightly --format dot | dot -Tsvg > chain.svg"
    })
final class ExplainCommand extends EngineCommand {

  /** How to say it. */
  enum Format {
    /** Sentences. */
    TEXT,
    /** As --json. */
    JSON,
    /** A drawing for Graphviz. */
    DOT,
    /** A drawing for Mermaid. */
    MERMAID
  }

  @Parameters(paramLabel = "NAME", description = "The lock.")
  private String name = "";

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "text, json, or a drawing of the chain: dot (Graphviz) or mermaid. Default: text.")
  private @Nullable Format format;

  @Override
  public Integer call() {
    LockNames.require(name);
    Format chosen = chosen();
    try (Holdfast locks = builder().connect()) {
      Optional<LockReport> report = locks.inspector().explain(name);
      WaitChain chain = locks.inspector().waitChain(name);
      Instant now = Clock.now();
      switch (chosen) {
        case TEXT -> text(report, chain, now);
        case JSON -> {
          Map<String, Object> lock = report.map(each -> Json.lock(each, now)).orElse(free());
          lock.put("chain", ChainJson.chain(chain, now));
          console().print(Json.document(lock));
        }
        case DOT -> ChainDrawing.dot(chain, now).forEach(console()::print);
        case MERMAID -> ChainDrawing.mermaid(chain, now).forEach(console()::print);
      }
    }
    return ExitCodes.OK;
  }

  private Format chosen() {
    if (json() && format != null && format != Format.JSON) {
      throw new UsageException("--json and --format exclude each other; give one of them");
    }
    return json() ? Format.JSON : format == null ? Format.TEXT : format;
  }

  private void text(Optional<LockReport> report, WaitChain chain, Instant now) {
    if (report.isEmpty()) {
      console().print(Listing.printable(name) + " is free, and nobody waits for it.");
      return;
    }
    Listing.sentences(report.get(), now).forEach(console()::print);
    // With one link there is nothing to tell that has not been told.
    if (chain.links().size() > 1 || chain.end() == WaitChain.End.CYCLE) {
      console().print("");
      console().print(console().bold("The chain:"));
      new ChainText(chain, now, console()).lines().forEach(console()::print);
    }
  }

  private Map<String, Object> free() {
    return Json.object("name", name, "holders", List.of(), "waiters", List.of());
  }
}
