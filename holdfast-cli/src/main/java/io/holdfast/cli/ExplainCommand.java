package io.holdfast.cli;

import io.holdfast.Holdfast;
import io.holdfast.LockReport;
import io.holdfast.engine.LockNames;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code holdfast explain NAME}: who holds a lock and who waits for it. */
@Command(
    name = "explain",
    description = "Says who holds a lock, since when, and who waits for it in which order.",
    footer = {
      "",
      "Exit code: 0, whether the lock is held or free; with --json, a free lock has no holders.",
      "",
      "Example:",
      "  holdfast explain nightly"
    })
final class ExplainCommand extends EngineCommand {

  @Parameters(paramLabel = "NAME", description = "The lock.")
  private String name = "";

  @Override
  public Integer call() {
    LockNames.require(name);
    try (Holdfast locks = builder().connect()) {
      Optional<LockReport> report = locks.inspector().explain(name);
      Instant now = Clock.now();
      if (json()) {
        console().print(Json.document(report.map(each -> Json.lock(each, now)).orElse(free())));
      } else if (report.isEmpty()) {
        console().print(Listing.printable(name) + " is free, and nobody waits for it.");
      } else {
        Listing.sentences(report.get(), now).forEach(console()::print);
      }
    }
    return ExitCodes.OK;
  }

  private Map<String, Object> free() {
    return Json.object("name", name, "holders", List.of(), "waiters", List.of());
  }
}
