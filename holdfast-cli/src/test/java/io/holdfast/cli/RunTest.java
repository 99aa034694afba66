package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.Hold;
import io.holdfast.Holdfast;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code holdfast run} as a real process on the file engine. */
@Execution(ExecutionMode.CONCURRENT)
@DisabledOnOs(OS.WINDOWS)
class RunTest {

  @TempDir Path directory;
  private String engine = "";
  private final List<Shell> started = new ArrayList<>();

  @BeforeEach
  void chooseEngine() {
    engine = directory.resolve("locks.db").toUri().toString();
  }

  @AfterEach
  void endAll() {
    started.forEach(Shell::close);
  }

  private Shell run(String... arguments) {
    return runWith(List.of(), arguments);
  }

  private Shell runWith(List<String> options, String... arguments) {
    List<String> line = new ArrayList<>(List.of("run", "--engine", engine));
    line.addAll(Arrays.asList(arguments));
    Shell shell = Shell.holdfastWith(options, line.toArray(String[]::new));
    started.add(shell);
    return shell;
  }

  private Shell holder(String name) {
    Shell holder = run(name, "--", "sh", "-c", "echo holding; exec sleep 600");
    holder.hear("holding");
    return holder;
  }

  @ParameterizedTest
  @CsvSource({
    "exit 0, 0",
    "exit 7, 7",
    "exit 255, 255",
    "kill -TERM $$, 143",
    "kill -KILL $$, 137"
  })
  void returnsTheCodeOfTheCommand(String script, int code) {
    Shell run = run("a", "--", "sh", "-c", script);

    assertThat(run.code()).isEqualTo(code);
    assertThat(run.err()).isEmpty();
  }

  @Test
  void tellsTheCommandNameAndToken() {
    String script = "echo \"lock $HOLDFAST_LOCK\"; echo \"token $HOLDFAST_TOKEN\"";
    Shell first = run("orders/42", "--", "sh", "-c", script);
    assertThat(first.code()).isZero();
    Shell second = run("orders/42", "--", "sh", "-c", script);

    assertThat(second.hear("lock")).isEqualTo("orders/42");
    assertThat(Long.parseLong(second.hear("token")))
        .isGreaterThan(Long.parseLong(first.hear("token")));
  }

  @Test
  void permitsHaveNoTokenAndAreCounted() {
    Shell first =
        run("--semaphore", "2", "gpu", "--", "sh", "-c", "echo \"[$HOLDFAST_TOKEN]\"; sleep 600");
    first.hear("[]");
    assertThat(run("--semaphore=2", "-n", "gpu", "--", "true").code()).isZero();
    Shell tooMany = run("--semaphore=2", "--permits=2", "-n", "gpu", "--", "true");
    assertThat(tooMany.code()).isEqualTo(ExitCodes.NO);
  }

  @Test
  void readersShareAndWritersDoNot() {
    Shell reader = run("--read", "a", "--", "sh", "-c", "echo reading; exec sleep 600");
    reader.hear("reading");
    assertThat(run("--read", "-n", "a", "--", "true").code()).isZero();
    assertThat(run("--write", "-n", "a", "--", "true").code()).isEqualTo(ExitCodes.NO);
    Shell plain = run("-n", "a", "--", "true");
    assertThat(plain.code()).isEqualTo(ExitCodes.FAILED);
    assertThat(plain.err()).contains("holdfast: ").contains("a");
  }

  @Test
  void passesStreamsThrough() throws Exception {
    Path input = Files.writeString(directory.resolve("in"), "some text\n");
    List<String> line =
        List.of(
            "sh",
            "-c",
            "exec \"$@\" <" + input,
            "sh",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "run",
            "--engine",
            engine,
            "a",
            "--",
            "sh",
            "-c",
            "cat; echo problem >&2");
    Shell run = Shell.start(Map.of(), line);
    started.add(run);

    assertThat(run.code()).isZero();
    assertThat(run.out()).isEqualTo("some text");
    assertThat(run.err()).isEqualTo("problem");
  }

  @Test
  void leavesTheArgumentsOfTheCommandAlone() throws Exception {
    Path file = Files.writeString(directory.resolve("args"), "expanded");
    Shell run = run("-w5", "a", "--", "echo", "@" + file, "--", "--json", "-n", "--help");

    assertThat(run.code()).isZero();
    assertThat(run.out()).isEqualTo("@" + file + " -- --json -n --help");
  }

  @Test
  void S25_notGrantedInTimeSaysWhoHoldsIt() {
    Shell holder = holder("nightly");

    Shell once = run("-n", "nightly", "--", "true");
    Shell brief = run("--wait", "300ms", "-E", "17", "nightly", "--", "true");
    Shell quiet = run("-q", "--wait=0", "nightly", "--", "true");

    assertThat(once.code()).as(once.err()).isEqualTo(ExitCodes.NO);
    assertThat(once.err())
        .containsPattern(
            "nightly was not free in time, held by pid " + holder.pid() + " on host .* \\(sh\\)");
    assertThat(brief.code()).as(brief.err()).isEqualTo(17);
    assertThat(quiet.code()).as(quiet.err()).isEqualTo(ExitCodes.NO);
    assertThat(quiet.err()).isEmpty();
  }

  @Test
  void waitingIsShownOnATerminalOnly() {
    Shell holder = holder("nightly");

    Shell verbose = run("-v", "nightly", "--", "true");
    Shell.eventually("verbose waits", () -> verbose.err().contains("waiting for"));
    Shell seen = runWith(List.of("-Dholdfast.terminals=2"), "nightly", "--", "true");
    Shell.eventually("the other waits behind it", () -> seen.err().contains(" before you"));
    Shell unseen = run("--wait", "3s", "-q", "nightly", "--", "true");
    assertThat(unseen.code()).isEqualTo(ExitCodes.NO);
    holder.signal("TERM");

    String waiting = "waiting for nightly, held by pid " + holder.pid() + " on host ";
    assertThat(seen.code()).isZero();
    assertThat(seen.err()).contains("\u001b[K" + waiting).contains(", 1 before you");
    assertThat(unseen.err()).isEmpty();
    assertThat(verbose.code()).isZero();
    assertThat(verbose.err()).contains("holdfast: " + waiting).doesNotContain("\u001b");
  }

  @Test
  void jsonTellsEventsOnTheErrorOutput() {
    Shell run = run("--json", "a", "--", "sh", "-c", "echo out; exit 3");

    assertThat(run.code()).isEqualTo(3);
    assertThat(run.out()).isEqualTo("out");
    assertThat(run.err().lines().toList())
        .satisfiesExactly(
            line ->
                assertThat(line).startsWith("{\"event\":\"acquired\",\"name\":\"a\",\"token\":"),
            line -> assertThat(line).isEqualTo("{\"event\":\"ended\",\"code\":3}"));
  }

  @Test
  void aCommandThatIsNotThereIsNotWaitedFor() {
    Shell holder = holder("a");

    Shell missing = run("a", "--", "no-such-command");
    Shell missingPath = run("a", "--", directory.resolve("nothing").toString());

    assertThat(missing.code()).isEqualTo(ExitCodes.NOT_FOUND);
    assertThat(missing.err()).contains("command not found: no-such-command; check the spelling");
    assertThat(missingPath.code()).isEqualTo(ExitCodes.NOT_FOUND);
    assertThat(holder.isAlive()).isTrue();
  }

  @Test
  void aCommandThatCannotBeRunSaysWhy() throws Exception {
    Path text = Files.writeString(directory.resolve("text"), "no program");
    Path script = Files.writeString(directory.resolve("script"), "#!/no/such/interpreter\n");
    assertThat(script.toFile().setExecutable(true)).isTrue();

    Shell plain = run("a", "--", text.toString());
    Shell folder = run("a", "--", directory.toString());
    Shell broken = run("a", "--", script.toString());

    assertThat(plain.code()).isEqualTo(ExitCodes.CANNOT_RUN);
    assertThat(plain.err()).contains("it is no executable file; try chmod +x");
    assertThat(folder.code()).isEqualTo(ExitCodes.CANNOT_RUN);
    assertThat(broken.code()).isEqualTo(ExitCodes.CANNOT_RUN);
    assertThat(broken.err())
        .contains("check that it is a program for this machine")
        .contains("#! line");
  }

  @Test
  void maxHoldEndsTheCommandBeforeTheLockIsFree() {
    Shell polite = run("--max-hold", "300ms", "a", "--", "sleep", "600");
    assertThat(polite.code()).isEqualTo(ExitCodes.TIMED_OUT);
    assertThat(polite.err()).contains("a was held for 300 ms: ending the command");

    Shell stubborn =
        run(
            "--max-hold=500ms",
            "-k",
            "200ms",
            "a",
            "--",
            "sh",
            "-c",
            "trap 'echo term' TERM; while :; do sleep 0.1; done");
    stubborn.hear("term");
    assertThat(stubborn.code()).isEqualTo(ExitCodes.TIMED_OUT);
    assertThat(run("-n", "a", "--", "true").code()).isZero();
  }

  @Test
  void aLockThatTheCallerHasAlreadyIsNotWaitedForForEver() {
    String inner =
        String.join(
            " ",
            "'" + Path.of(System.getProperty("java.home"), "bin", "java") + "'",
            "-cp",
            "'" + System.getProperty("java.class.path") + "'",
            Main.class.getName(),
            "run --engine",
            engine,
            "a -- true; echo code $?");
    Shell outer = run("a", "--", "sh", "-c", inner);

    assertThat(outer.hear("code")).isEqualTo(Integer.toString(ExitCodes.FAILED));
    assertThat(outer.err()).contains("which waits for this command to end");
    assertThat(outer.code()).isZero();
  }

  @Test
  void usesTheVariableForTheEngine() throws Exception {
    try (Holdfast locks = Holdfast.connect(engine);
        Hold hold = locks.lock("a").acquire()) {
      Shell run =
          Shell.start(
              Map.of("HOLDFAST_ENGINE", engine),
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  Main.class.getName(),
                  "run",
                  "-n",
                  "a",
                  "--",
                  "true"));
      started.add(run);
      assertThat(run.code()).isEqualTo(ExitCodes.NO);
      assertThat(hold.isHeld()).isTrue();
    }
  }

  @Test
  void anEngineThatCannotBeUsedIsHoldfastsFailure() {
    Shell run = Shell.holdfast("run", "--engine", "file:/dev/null/locks.db", "a", "--", "true");
    started.add(run);
    assertThat(run.code()).isEqualTo(ExitCodes.FAILED);
    assertThat(run.err()).contains("holdfast: ").contains("choose another path");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "zookeeper://127.0.0.1:1",
        "redis://127.0.0.1:1",
        "etcd://127.0.0.1:1",
        "postgresql://127.0.0.1:1/locks",
        "mariadb://127.0.0.1:1/locks"
      })
  void aServerThatIsDownIsToldInOneLine(String engine) {
    Shell run = Shell.holdfast("run", "--engine", engine, "a", "--", "true");
    started.add(run);
    assertThat(run.code()).isEqualTo(ExitCodes.FAILED);
    assertThat(run.err().lines()).singleElement().asString().contains("127.0.0.1:1", "retry");
  }
}
