package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.Loss;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that do not run another one, in this JVM. */
class CommandsTest {

  @TempDir Path directory;
  private String engine = "";
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void chooseEngine() {
    engine = directory.resolve("locks.db").toUri().toString();
  }

  private int holdfast(String... arguments) {
    return Main.execute(
        new Console(new PrintWriter(out), new PrintWriter(err), false, false), arguments);
  }

  private JsonNode json() throws Exception {
    return new ObjectMapper().readTree(out.toString());
  }

  /** All but the last digits: a report has the first token of the grant. */
  private static String tokens(Hold hold) {
    String token = Long.toString(hold.token());
    return token.substring(0, token.length() - 2);
  }

  @Test
  void S25_lsShowsHolderAndWaiters() throws Exception {
    try (Holdfast locks = Holdfast.connect(engine);
        Holdfast other = Holdfast.connect(engine);
        Hold hold = locks.lock("orders/42").acquire()) {
      CompletionStage<Hold> waiter =
          other.lock("orders/42").acquireAsync(io.holdfast.Owner.of("saga"));
      Shell.eventually(
          "queued",
          () -> other.inspector().explain("orders/42").orElseThrow().waiters().size() == 1);

      assertThat(holdfast("ls", "--engine", engine, "orders/")).isZero();
      assertThat(holdfast("ls", "--engine", engine, "nothing/")).isZero();
      waiter.toCompletableFuture().cancel(false);

      assertThat(out.toString().lines().toList()).hasSize(2);
      assertThat(out.toString())
          .contains("orders/42", "mutex", Thread.currentThread().getName())
          .contains(Long.toString(ProcessHandle.current().pid()))
          .contains(tokens(hold))
          .containsPattern(" 1\n");
      assertThat(err.toString()).contains("Nobody holds a lock");
    }
  }

  @Test
  void S25_lsAndExplainAsJson() throws Exception {
    try (Holdfast locks = Holdfast.connect(engine);
        Hold hold = locks.lock("a").acquire()) {
      assertThat(holdfast("ls", "--json", "--engine", engine)).isZero();
      JsonNode lock = json().get(0);
      assertThat(lock.get("name").textValue()).isEqualTo("a");
      assertThat(lock.get("kind").textValue()).isEqualTo("mutex");
      JsonNode holder = lock.get("holders").get(0);
      assertThat(holder.get("token").asText()).startsWith(tokens(hold));
      assertThat(holder.get("pid").longValue()).isEqualTo(ProcessHandle.current().pid());
      assertThat(holder.get("owner").textValue()).isEqualTo(Thread.currentThread().getName());
      assertThat(holder.get("ageMillis").longValue()).isNotNegative();
      assertThat(lock.get("waiters")).isEmpty();

      out.getBuffer().setLength(0);
      assertThat(holdfast("explain", "a", "--json", "--engine", engine)).isZero();
      assertThat(json().get("holders")).hasSize(1);
    }
    out.getBuffer().setLength(0);
    assertThat(holdfast("explain", "a", "--json", "--engine", engine)).isZero();
    assertThat(json().get("holders")).isEmpty();
  }

  @Test
  void S25_explainSaysWhoHoldsIt() throws Exception {
    assertThat(holdfast("explain", "--engine", engine, "a")).isZero();
    assertThat(out.toString()).contains("a is free, and nobody waits for it.");
    try (Holdfast locks = Holdfast.connect(engine);
        Hold hold = locks.readWriteLock("a").readLock().acquire()) {
      assertThat(holdfast("explain", "--engine", engine, "a")).isZero();
      assertThat(out.toString())
          .contains("a (read-write) is held by pid " + ProcessHandle.current().pid() + " on host ")
          .contains("shared, token " + tokens(hold))
          .contains("Nobody waits for it.");
    }
  }

  @Test
  void S25_releaseEndsExactlyTheHoldsThatItSaw() throws Exception {
    CompletableFuture<Loss> loss = new CompletableFuture<>();
    try (Holdfast locks = Holdfast.connect(engine)) {
      Hold hold = locks.lock("a").acquire().onLost(loss::complete);

      assertThat(holdfast("release", "--engine", engine, "a")).isEqualTo(ExitCodes.USAGE);
      assertThat(hold.isHeld()).isTrue();
      assertThat(holdfast("release", "--force", "--engine", engine, "a")).isZero();

      assertThat(loss.get(20, TimeUnit.SECONDS).cause()).isEqualTo(Loss.Cause.FORCED);
      assertThat(out.toString()).contains("Released: pid ").contains("token " + tokens(hold));
      assertThat(err.toString()).contains("add --force");
    }
    assertThat(holdfast("release", "--force", "--engine", engine, "a")).isEqualTo(ExitCodes.NO);
    assertThat(out.toString()).contains("Nobody holds a.");
  }

  @Test
  void releaseEndsAllReadersAndSaysSoAsJson() throws Exception {
    try (Holdfast first = Holdfast.connect(engine);
        Holdfast second = Holdfast.connect(engine);
        Hold one = first.readWriteLock("a").readLock().acquire();
        Hold two = second.readWriteLock("a").readLock().acquire()) {
      assertThat(holdfast("release", "--force", "--json", "--engine", engine, "a")).isZero();
      assertThat(json().get("holds")).hasSize(2);
      assertThat(json().get("holds").findValuesAsText("released")).containsOnly("true");
      Optional<Hold> writer =
          first.readWriteLock("b").writeLock().tryAcquire(Duration.ofSeconds(5));
      assertThat(writer).isPresent();
      assertThat(List.of(one, two)).allMatch(hold -> hold.token() > 0);
    }
  }

  @Test
  void doctorFindsAllWell() throws Exception {
    assertThat(holdfast("doctor", "--engine", engine)).as(out.toString()).isZero();
    assertThat(out.toString())
        .contains("file at " + directory.toRealPath())
        .contains("lock and unlock take")
        .contains("What this engine promises:")
        .contains("All is well.");
    out.getBuffer().setLength(0);
    assertThat(holdfast("doctor", "--json", "--engine", engine)).isZero();
    assertThat(json().get("ok").booleanValue()).isTrue();
    assertThat(json().get("guarantees")).isNotEmpty();
  }

  @Test
  void doctorSaysWhatToDoIfTheEngineCannotBeUsed() {
    String inTheWay = directory.toUri() + "/";
    assertThat(holdfast("doctor", "--engine", inTheWay)).isEqualTo(ExitCodes.NO);
    assertThat(out.toString()).containsPattern("BAD +engine ").contains("Something is wrong");
    assertThat(holdfast("doctor", "--engine", "redis5://x")).isEqualTo(ExitCodes.NO);
    assertThat(out.toString()).contains("no engine for the scheme \"redis5:\"; known");
  }

  @Test
  void anUnknownSchemeListsTheKnownOnes() {
    assertThat(holdfast("ls", "--engine", "gopher://x")).isEqualTo(ExitCodes.USAGE);
    assertThat(err.toString()).contains("\"gopher:\"").contains("file:").contains("memory:");
  }

  @Test
  void anEngineThatCannotBeUsedIsAFailure() {
    String file = directory.toUri().toString();
    String directoryItself = file.substring(0, file.length() - 1);
    assertThat(holdfast("ls", "--engine", directoryItself)).isEqualTo(ExitCodes.FAILED);
    assertThat(err.toString()).contains("is a directory; name a file in it");
  }

  @ParameterizedTest
  @ValueSource(strings = {"run", "explain", "release"})
  void namesAreChecked(String command) {
    String[] end = command.equals("run") ? new String[] {"--", "true"} : new String[] {"--force"};
    String[] last = command.equals("explain") ? new String[0] : end;
    for (String name : List.of("", "n".repeat(513), "\u00e9".repeat(257))) {
      String[] arguments = new String[2 + last.length];
      arguments[0] = command;
      arguments[1] = name;
      System.arraycopy(last, 0, arguments, 2, last.length);
      assertThat(holdfast(arguments)).isEqualTo(ExitCodes.USAGE);
    }
    assertThat(err.toString())
        .contains("a lock name must not be empty; name what is protected")
        .contains("may have 512 bytes of UTF-8, not 513; use a shorter name or a hash of it")
        .contains("not 514");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "run --ttl 1s a -- true                | the TTL must be from 2 s to 10 min",
        "run --ttl 11m a -- true               | the TTL must be from 2 s to 10 min",
        "run --ttl 0 a -- true                 | the TTL must be from 2 s to 10 min",
        "run --wait -1 a -- true               | '-1' is negative; give zero or more",
        "run --wait=-1s a -- true              | '-1s' is negative; give zero or more",
        "run --wait soon a -- true             | 'soon' is no duration; write for example",
        "run --max-hold 0 a -- true            | --max-hold must be more than zero",
        "run a true                            | put -- before the command",
        "run a                                 | Missing required parameter",
        "run                                   | Missing required parameter",
        "run -n --wait 5 a -- true             | exclude each other",
        "run -q -v a -- true                   | exclude each other",
        "run --read --write a -- true          | exclude each other",
        "run --permits 2 a -- true             | --permits needs --semaphore",
        "run --semaphore 2 --permits 3 a -- x  | take from 1 to that many",
        "run --semaphore 0 a -- true           | give a semaphore of 1 or more",
        "run --semaphore x a -- true           | 'x' is not an int",
        "run -E 256 a -- true                  | an exit code is 0 to 255, not 256",
        "run --nonsense a -- true              | did not expect '--nonsense'",
        "rum a -- true                         | there is no command 'rum'",
        "demo --processes 1                    | --processes is 2 to 64, not 1",
        "demo --increments 0                   | --increments is 1 to 100000",
        "demo --ttl 1s                         | the TTL must be from 2 s",
        "completion fish                       | expected one of",
        "ls --wait                             | did not expect '--wait'"
      })
  void wrongUsageSaysWhatIsRight(String line, String message) {
    assertThat(holdfast(line.strip().split(" +"))).isEqualTo(ExitCodes.USAGE);
    assertThat(err.toString()).contains(message).contains("Try 'holdfast").contains("--help'.");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void withoutACommandItAsksForOne() {
    assertThat(holdfast()).isEqualTo(ExitCodes.USAGE);
    assertThat(err.toString()).contains("which command? For example: holdfast ls");
  }

  @ParameterizedTest
  @ValueSource(strings = {"run", "ls", "explain", "release", "doctor", "demo", "completion"})
  void everyCommandHasHelpWithExamples(String command) {
    assertThat(holdfast(command, "--help")).isZero();
    assertThat(out.toString()).startsWith("Usage: holdfast " + command).contains("Example");
    assertThat(out.toString().lines()).allMatch(line -> line.length() <= 80);
    out.getBuffer().setLength(0);
    assertThat(holdfast("--help")).isZero();
    assertThat(out.toString()).contains(command + " ").doesNotContain(DemoWorker.NAME);
  }

  @Test
  void tellsItsVersion() {
    assertThat(holdfast("--version")).isZero();
    assertThat(out.toString()).startsWith("holdfast ").contains("Java ");
  }

  @Test
  void completionKnowsCommandsAndOptions() {
    assertThat(holdfast("completion", "bash")).isZero();
    assertThat(out.toString())
        .contains("complete -F _complete_holdfast")
        .contains("explain")
        .contains("--max-hold")
        .doesNotContain(DemoWorker.NAME);
  }
}
