package io.holdfast.cli;

import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** All commands, as picocli reads them. */
final class CommandTree {

  // picocli reads the annotations of every subcommand that it is told of. So only the one that the
  // first word names is made, unless that is none of them: then somebody asks for help or has
  // mistyped, and needs all.

  // It also looks for a class of Groovy's, and for one that is not there all jars are searched.

  static {
    System.setProperty("picocli.disable.closures", "true");
  }

  private record Subcommand(String name, Supplier<Object> make) {}

  private static final List<Subcommand> SUBCOMMANDS =
      List.of(
          new Subcommand("run", RunCommand::new),
          new Subcommand("ls", ListCommand::new),
          new Subcommand("explain", ExplainCommand::new),
          new Subcommand("release", ReleaseCommand::new),
          new Subcommand("doctor", DoctorCommand::new),
          new Subcommand("demo", DemoCommand::new),
          new Subcommand("completion", CompletionCommand::new),
          new Subcommand(DemoWorker.NAME, DemoWorker::new),
          new Subcommand(Training.NAME, Training::new));

  private CommandTree() {}

  static int execute(Console console, String... args) {
    List<Subcommand> named =
        SUBCOMMANDS.stream().filter(each -> args.length > 0 && each.name.equals(args[0])).toList();
    CommandLine line = with(named.isEmpty() ? SUBCOMMANDS : named);
    line.getSubcommands().values().forEach(each -> prepare(each, console, args));
    return line.setOut(console.out())
        .setErr(console.err())
        .setExpandAtFiles(false)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler((failure, all) -> misused(failure, console))
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> Main.report(failure, name(command), console))
        .execute(args);
  }

  private static void prepare(CommandLine line, Console console, String... args) {
    line.getSubcommands().values().forEach(each -> prepare(each, console, args));
    if (line.getCommand() instanceof EngineCommand command) {
      command.useConsole(console);
    }
    if (line.getCommand() instanceof RunCommand run) {
      run.useMarker(List.of(args).contains("--"));
    }
  }

  /** The command with all its subcommands. */
  static CommandLine all() {
    return with(SUBCOMMANDS);
  }

  private static CommandLine with(List<Subcommand> subcommands) {
    CommandLine line = new CommandLine(new HoldfastCommand());
    subcommands.forEach(each -> line.addSubcommand(each.name, each.make.get()));
    return line;
  }

  private static String name(CommandLine command) {
    CommandLine parent = command.getParent();
    if (parent == null) {
      return "";
    }
    return (name(parent) + " " + command.getCommandName()).strip();
  }

  private static int misused(ParameterException failure, Console console) {
    String message = String.valueOf(failure.getMessage());
    if (failure instanceof UnmatchedArgumentException unmatched) {
      message = unmatched(unmatched);
    }
    return Main.misused(message, name(failure.getCommandLine()), console);
  }

  private static String unmatched(UnmatchedArgumentException failure) {
    String argument = failure.getUnmatched().get(0);
    boolean command = failure.getCommandLine().getParent() == null && !argument.startsWith("-");
    List<String> similar = failure.getSuggestions();
    return (command ? "there is no command '" : "did not expect '")
        + argument
        + "'"
        + (similar.isEmpty() ? "" : "; did you mean " + String.join(" or ", similar) + "?");
  }
}
