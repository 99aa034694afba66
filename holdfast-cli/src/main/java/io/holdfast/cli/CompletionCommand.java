package io.holdfast.cli;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code holdfast completion SHELL}: a script that completes its command lines. */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    versionProvider = HoldfastCommand.Version.class,
    description = "Prints a script that completes holdfast's commands and options.",
    footer = {
      "",
      "Examples:",
      "  source <(holdfast completion bash)                            now, in bash",
      "  holdfast completion bash > ~/.local/share/bash-completion/completions/holdfast",
      "  autoload -U +X compinit bashcompinit && compinit && bashcompinit &&",
      "    source <(holdfast completion zsh)                           now, in zsh"
    })
final class CompletionCommand implements Callable<Integer> {

  /** The shells that understand the script. */
  enum Shell {
    /** GNU Bash. */
    BASH,
    /** Zsh, with bashcompinit. */
    ZSH
  }

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}.")
  private Shell shell = Shell.BASH;

  @Override
  public Integer call() {
    // The same script: it turns bashcompinit on where it finds itself in zsh.
    PrintWriter out = spec.commandLine().getOut();
    out.println("# Completion of holdfast for " + shell.name().toLowerCase(Locale.ROOT) + ".");
    out.print(AutoComplete.bash("holdfast", CommandTree.all()));
    return ExitCodes.OK;
  }
}
