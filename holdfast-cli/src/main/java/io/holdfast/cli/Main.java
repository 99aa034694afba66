package io.holdfast.cli;

import io.holdfast.EngineUnavailableException;
import io.holdfast.LockRefusedException;
import io.holdfast.OutcomeUnknownException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.Charset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The {@code holdfast} command. */
final class Main {

  // This class starts without picocli, which CommandTree is made of: see RunArguments.

  private static final String RUN = "run";

  private Main() {}

  /** Runs the command and ends the process. */
  public static void main(String[] args) {
    System.exit(execute(args));
  }

  /** Runs the command, and returns its exit code. */
  static int execute(String... args) {
    Charset charset = Charset.forName(System.getProperty("native.encoding", "UTF-8"));
    PrintWriter out = new PrintWriter(System.out, false, charset);
    PrintWriter err = new PrintWriter(System.err, false, charset);
    int code = execute(Console.of(out, err), args);
    out.flush();
    err.flush();
    return code;
  }

  static int execute(Console console, String... args) {
    if (args.length > 0 && args[0].equals(RUN)) {
      List<String> arguments = Arrays.asList(args).subList(1, args.length);
      Optional<RunCommand> plain = RunArguments.parse(arguments);
      if (plain.isPresent()) {
        plain.get().useConsole(console);
        return call(plain.get(), console);
      }
    }
    return CommandTree.execute(console, args);
  }

  private static int call(RunCommand run, Console console) {
    try {
      return run.call();
    } catch (Exception failure) {
      return report(failure, RUN, console);
    }
  }

  /** Tells the user what went wrong, and returns the exit code. */
  static int report(Exception failure, String command, Console console) {
    if (failure instanceof UsageException || failure instanceof IllegalArgumentException) {
      return misused(String.valueOf(failure.getMessage()), command, console);
    }
    console.tell("holdfast: " + describe(failure));
    return failure instanceof ExitException exit ? exit.code() : ExitCodes.FAILED;
  }

  static int misused(String message, String command, Console console) {
    console.tell("holdfast: " + message);
    console.tell("Try 'holdfast" + (command.isEmpty() ? "" : " " + command) + " --help'.");
    return ExitCodes.USAGE;
  }

  private static String describe(Exception failure) {
    boolean foreseen =
        failure instanceof ExitException
            || failure instanceof EngineUnavailableException
            || failure instanceof LockRefusedException
            || failure instanceof OutcomeUnknownException;
    if (foreseen) {
      return String.valueOf(failure.getMessage());
    }
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    return "this is a bug; please report it with these lines: " + trace.toString().strip();
  }
}
