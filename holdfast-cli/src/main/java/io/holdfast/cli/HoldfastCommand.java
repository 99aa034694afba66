package io.holdfast.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code holdfast} itself: it only has subcommands. */
@Command(
    name = "holdfast",
    mixinStandardHelpOptions = true,
    versionProvider = HoldfastCommand.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    description = "Distributed locks: run commands under a lock, see who holds what.",
    footer = {
      "",
      "Examples:",
      "  holdfast run nightly -- ./backup.sh     one at a time on this machine",
      "  holdfast run -n nightly -- ./backup.sh  not at all if it runs already",
      "  holdfast ls                             who holds what",
      "  holdfast demo                           see that it works, in a minute",
      "",
      "Without --engine and HOLDFAST_ENGINE the locks are in a file of yours, shared by the",
      "processes of this machine. Exit codes and all else: docs/cli.md."
    })
final class HoldfastCommand implements Runnable {

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which command? For example: holdfast ls");
  }

  /** Reads the version when it is asked for. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = HoldfastCommand.class.getPackage().getImplementationVersion();
      return new String[] {
        "holdfast " + (version == null ? "(not packaged)" : version),
        "Java " + System.getProperty("java.version") + ", " + System.getProperty("os.name")
      };
    }
  }
}
