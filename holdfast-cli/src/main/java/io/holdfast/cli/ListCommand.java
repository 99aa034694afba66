package io.holdfast.cli;

import io.holdfast.Holdfast;
import io.holdfast.LockReport;
import java.time.Instant;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code holdfast ls}: the locks that are held or waited for. */
@Command(
    name = "ls",
    description = "Lists the locks that are held or waited for, with their holders.",
    footer = {
      "",
      "A node may keep a lock that it released for a second, to take it again for nothing; it is",
      "listed as held.",
      "",
      "Examples:",
      "  holdfast ls",
      "  holdfast ls orders/",
      "  holdfast ls --json --engine file:/var/lib/app/locks.db"
    })
final class ListCommand extends EngineCommand {

  @Parameters(arity = "0..1", paramLabel = "PREFIX", description = "Only names that begin with it.")
  private String prefix = "";

  @Override
  public Integer call() {
    try (Holdfast locks = builder().connect()) {
      List<LockReport> reports = locks.inspector().list(prefix);
      Instant now = Clock.now();
      if (json()) {
        console().print(Json.document(reports.stream().map(each -> Json.lock(each, now)).toList()));
      } else if (reports.isEmpty()) {
        console().tell("Nobody holds a lock or waits for one.");
      } else {
        Listing.table(reports, now).forEach(console()::print);
      }
    }
    return ExitCodes.OK;
  }
}
