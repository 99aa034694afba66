package io.holdfast.cli;

import io.holdfast.engine.LockNames;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code holdfast run NAME -- COMMAND}: runs a command under a lock. */
@Command(
    name = "run",
    customSynopsis = "holdfast run [OPTIONS] NAME -- COMMAND [ARGUMENT...]",
    description = {
      "Runs a command while holding a lock, and returns its exit code.",
      "The command finds the name of the lock in HOLDFAST_LOCK and the fencing token in"
          + " HOLDFAST_TOKEN. It is killed, with all its descendants, when the lock is lost."
    },
    footer = {
      "",
      "Durations: 500ms, 10s, 5m, 1h, PT1M30S; a bare number counts seconds.",
      "",
      "Exit code: the command's own, 128 + n if signal n ended it, or",
      "    1  not granted in time (see -E)     125  Holdfast failed",
      "   64  wrong usage                      126  the command cannot be run",
      "   75  lost the lock, command killed    127  the command was not found",
      "  124  ended by --max-hold",
      "",
      "Examples:",
      "  holdfast run nightly -- ./backup.sh --full",
      "  holdfast run --wait 10s deploy/web -- make deploy",
      "  holdfast run -n report -- ./report.sh || echo 'runs already'",
      "  holdfast run --semaphore 4 gpu -- ./train.sh"
    })
final class RunCommand extends EngineCommand {

  private static final int MAX_LABEL = 128;

  @Option(
      names = {"-w", "--wait"},
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      description = "Wait at most so long; 0 tries once. Default: for ever.")
  private @Nullable Duration patience;

  @Option(
      names = {"-n", "--no-wait", "--nonblock"},
      description = "Try once: the same as --wait 0.")
  private boolean noWait;

  @Option(
      names = {"-E", "--conflict-exit-code"},
      paramLabel = "N",
      description = "The exit code if not granted in time, 0 to 255. Default: ${DEFAULT-VALUE}.")
  private int conflictCode = ExitCodes.NO;

  @Option(
      names = "--ttl",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      description =
          "After how long without a sign of life from this process others may have the lock, 2s to"
              + " 10m. Default: 10s.")
  private @Nullable Duration ttl;

  @Option(
      names = "--max-hold",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      description = "End the command after so long (SIGTERM, then SIGKILL); then free the lock.")
  private @Nullable Duration maxHold;

  @Option(
      names = {"-k", "--kill-after"},
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      description = "How long after the SIGTERM of --max-hold the SIGKILL comes. Default: 5s.")
  private Duration killAfter = Duration.ofSeconds(5);

  @Option(
      names = {"-s", "--read", "--shared"},
      description = "Take a read-write lock for reading: beside other readers.")
  private boolean read;

  @Option(
      names = {"-x", "--write"},
      description = "Take a read-write lock for writing.")
  private boolean write;

  @Option(
      names = "--semaphore",
      paramLabel = "N",
      description = "Take a permit of a semaphore: at most N at a time, the same N everywhere.")
  private @Nullable Integer semaphore;

  @Option(
      names = "--permits",
      paramLabel = "N",
      description = "Take N permits of the semaphore. Default: 1.")
  private @Nullable Integer permits;

  @Option(
      names = "--label",
      paramLabel = "TEXT",
      description = "What others see as the holder. Default: the name of the command.")
  private @Nullable String label;

  @Option(
      names = {"-q", "--quiet"},
      description = "Say nothing about waiting, nor if not granted.")
  private boolean quiet;

  @Option(
      names = {"-v", "--verbose"},
      description = "Tell of waiting even if nobody is at the terminal.")
  private boolean verbose;

  @Parameters(index = "0", paramLabel = "NAME", description = "The lock: 1 to 512 bytes.")
  private String name = "";

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "COMMAND",
      description = "What to run, after --, with its arguments.")
  private List<String> command = List.of();

  private boolean commandMarked;

  /** Whether the line had a -- that divides it. */
  void useMarker(boolean value) {
    commandMarked = value;
  }

  void useWork(String lock, List<String> program) {
    name = lock;
    command = program;
  }

  /** Sets an option without a value; false if there is none of that name, or it is set already. */
  boolean set(String option) {
    boolean before;
    switch (option) {
      case "-n", "--no-wait", "--nonblock" -> {
        before = noWait;
        noWait = true;
      }
      case "-s", "--read", "--shared" -> {
        before = read;
        read = true;
      }
      case "-x", "--write" -> {
        before = write;
        write = true;
      }
      case "-q", "--quiet" -> {
        before = quiet;
        quiet = true;
      }
      case "-v", "--verbose" -> {
        before = verbose;
        verbose = true;
      }
      case "--json" -> {
        before = json();
        useJson();
      }
      default -> before = true;
    }
    return !before;
  }

  /**
   * Sets an option with a value; false if there is none of that name.
   *
   * @throws IllegalArgumentException if the value is malformed
   */
  boolean set(String option, String value) {
    switch (option) {
      case "-w", "--wait" -> patience = DurationText.parse(value);
      case "-E", "--conflict-exit-code" -> conflictCode = Integer.parseInt(value);
      case "--ttl" -> ttl = DurationText.parse(value);
      case "--max-hold" -> maxHold = DurationText.parse(value);
      case "-k", "--kill-after" -> killAfter = DurationText.parse(value);
      case "--semaphore" -> semaphore = Integer.valueOf(value);
      case "--permits" -> permits = Integer.valueOf(value);
      case "--label" -> label = value;
      case "--engine" -> useEngine(value);
      case "--space" -> useSpace(value);
      default -> {
        return false;
      }
    }
    return true;
  }

  @Override
  public Integer call() throws InterruptedException {
    LockNames.require(name);
    requireSensibleOptions();
    LockMode mode = mode();
    Child.requireCommand(command.get(0), System.getenv());
    RunVoice voice = new RunVoice(console(), loudness(), json());
    Run.Limits limits = new Run.Limits(noWait ? Duration.ZERO : patience, maxHold, killAfter);
    Run run = new Run(new Run.Work(name, mode, label(), command), limits, voice, conflictCode);
    int code = run.execute(ttl == null ? builder() : builder().ttl(ttl));
    voice.ended(code);
    return code;
  }

  private void requireSensibleOptions() {
    if (!commandMarked) {
      throw new UsageException("put -- before the command, so that its options are its own");
    }
    if (noWait && patience != null) {
      throw new UsageException("--no-wait and --wait exclude each other; give one");
    }
    if (quiet && verbose) {
      throw new UsageException("--quiet and --verbose exclude each other; give one");
    }
    if (conflictCode < 0 || conflictCode > 255) {
      throw new UsageException("an exit code is 0 to 255, not " + conflictCode);
    }
    if (maxHold != null && maxHold.isZero()) {
      throw new UsageException("--max-hold must be more than zero, or the command could not run");
    }
    if (label != null && (label.isBlank() || label.length() > MAX_LABEL)) {
      throw new UsageException("--label has 1 to " + MAX_LABEL + " characters, not all blank");
    }
  }

  private LockMode mode() {
    if ((read ? 1 : 0) + (write ? 1 : 0) + (semaphore != null ? 1 : 0) > 1) {
      throw new UsageException("--read, --write and --semaphore exclude each other; give one");
    }
    if (permits != null && semaphore == null) {
      throw new UsageException("--permits needs --semaphore, with how many permits there are");
    }
    if (semaphore != null) {
      int wanted = permits == null ? 1 : permits;
      if (semaphore < 1 || wanted < 1 || wanted > semaphore) {
        throw new UsageException(
            "--semaphore "
                + semaphore
                + " --permits "
                + wanted
                + " cannot be; give a semaphore of 1 or more, and take from 1 to that many");
      }
      return new LockMode(LockMode.Type.SEMAPHORE, semaphore, wanted);
    }
    LockMode.Type readOrPlain = read ? LockMode.Type.READ : LockMode.Type.PLAIN;
    return new LockMode(write ? LockMode.Type.WRITE : readOrPlain, 0, 0);
  }

  /** Not the arguments: they may hold secrets, and everybody who may look at the engine sees it. */
  private String label() {
    if (label != null) {
      return label;
    }
    Path file = Path.of(command.get(0)).getFileName();
    String program = file == null ? command.get(0) : file.toString();
    return program.substring(0, Math.min(program.length(), MAX_LABEL));
  }

  private RunVoice.Loudness loudness() {
    if (quiet) {
      return RunVoice.Loudness.QUIET;
    }
    return verbose ? RunVoice.Loudness.VERBOSE : RunVoice.Loudness.NORMAL;
  }
}
