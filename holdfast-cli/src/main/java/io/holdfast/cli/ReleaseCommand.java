package io.holdfast.cli;

import io.holdfast.Holdfast;
import io.holdfast.Inspector;
import io.holdfast.LockReport;
import io.holdfast.engine.LockNames;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code holdfast release --force NAME}: ends the holds of others. */
@Command(
    name = "release",
    description = {
      "Ends the holds of a lock by force, for an operator who knows better than the lease.",
      "Each holder is told that it has lost the lock, and 'holdfast run' kills its command. Until"
          + " they have heard, only fencing tokens protect what the lock protects."
    },
    footer = {
      "",
      "Only the holds that are there at the start are ended, never one that came meanwhile.",
      "",
      "Exit code: 0 if a hold was ended, 1 if there was none.",
      "",
      "Example:",
      "  holdfast release --force nightly"
    })
final class ReleaseCommand extends EngineCommand {

  @Option(names = "--force", description = "Needed, because the lock is somebody else's.")
  private boolean force;

  @Parameters(paramLabel = "NAME", description = "The lock.")
  private String name = "";

  @Override
  public Integer call() {
    LockNames.require(name);
    if (!force) {
      throw new UsageException(
          "this takes the lock from whoever holds it: look with 'holdfast explain', then add"
              + " --force");
    }
    try (Holdfast locks = builder().connect()) {
      return release(locks.inspector());
    }
  }

  private int release(Inspector inspector) {
    List<LockReport.Holder> seen =
        inspector.explain(name).map(LockReport::holders).orElse(List.of());
    Instant now = Clock.now();
    List<Map<String, Object>> results = new ArrayList<>();
    boolean any = false;
    for (LockReport.Holder holder : seen) {
      boolean released = inspector.forceRelease(name, holder);
      any |= released;
      if (json()) {
        Map<String, Object> result = Json.holder(holder, now);
        result.put("released", released);
        results.add(result);
      } else {
        console()
            .print(
                (released ? "Released: " : "Had ended already: ")
                    + Waiting.describe(holder, now)
                    + ", token "
                    + holder.token());
      }
    }
    if (json()) {
      console().print(Json.document(Json.object("name", name, "holds", results)));
    } else if (seen.isEmpty()) {
      console().print("Nobody holds " + Listing.printable(name) + ".");
    }
    return any ? ExitCodes.OK : ExitCodes.NO;
  }
}
