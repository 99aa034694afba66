package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code explain} of chains through real processes. */
class ExplainTest {

  @TempDir Path directory;
  private String engine = "";
  private final List<DemoProcess> processes = new ArrayList<>();

  @BeforeEach
  void chooseEngine() {
    engine = directory.resolve("locks.db").toUri().toString();
  }

  @AfterEach
  void endAll() {
    processes.forEach(DemoProcess::close);
  }

  private String explain(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    List<String> all = new ArrayList<>(List.of("explain", "--engine", engine));
    all.addAll(List.of(arguments));
    Console console = new Console(new PrintWriter(out), new PrintWriter(err), false, false);
    assertThat(Main.execute(console, all.toArray(new String[0]))).as(err.toString()).isZero();
    return out.toString();
  }

  private JsonNode chain(String name) throws Exception {
    return new ObjectMapper().readTree(explain("--json", name)).get("chain");
  }

  /** A process with a node that holds its lock, and does not ask for the next one's yet. */
  private DemoProcess member(String name, String next) throws InterruptedException {
    DemoProcess process =
        DemoProcess.start("--task=chain", "--engine=" + engine, "--members=" + name + ">" + next);
    processes.add(process);
    assertThat(process.hear(ChainMember.HOLDS)).startsWith(name + " ");
    return process;
  }

  @Test
  void aChainThroughTwoProcessesIsToldToItsEnd() throws Exception {
    DemoProcess a = member("a", "b");
    DemoProcess b = member("b", "c");
    try (Holdfast locks = Holdfast.builder(engine).node("third").connect();
        Hold hold = locks.lock("c").acquire()) {
      a.tell("a");
      b.tell("b");
      Shell.eventually("the chain", () -> locks.inspector().waitChain("a").links().size() == 3);

      String text = explain("a");
      assertThat(text.lines().toList())
          .anyMatch(line -> line.startsWith("a (mutex) is held by pid " + a.pid()))
          .contains("Nobody waits for it.", "The chain:")
          .anyMatch(
              line ->
                  line.startsWith("  a held by node-a (pid " + a.pid() + " on host ")
                      && line.contains("), thread-a, who has waited ")
                      && line.endsWith(" for b"))
          .anyMatch(
              line ->
                  line.startsWith("  b held by node-b (pid " + b.pid()) && line.endsWith(" for c"))
          .anyMatch(line -> line.startsWith("  c held by third (pid "))
          .contains("The last one waits for nobody: it runs, or keeps an idle lock.");
      assertThat(text).doesNotContain("deadlock");

      assertThat(chain("a").get("end").textValue()).isEqualTo("running");
      assertThat(chain("a").get("links").findValuesAsText("holds")).containsExactly("a", "b", "c");
      assertThat(chain("a").get("links").findValuesAsText("inCycle")).containsOnly("false");
      assertThat(explain("--format", "dot", "a")).contains("digraph", "label=\"c\"", "node-b\\n");
      assertThat(explain("--format=mermaid", "a")).startsWith("flowchart LR").contains("[\"c\"]");
      assertThat(explain("--format=json", "b")).contains("\"waitsFor\" : \"c\"");
      assertThat(hold.isHeld()).isTrue();
    }
    assertThat(b.hear(ChainMember.FINISHED)).isEqualTo("b");
    assertThat(a.hear(ChainMember.FINISHED)).isEqualTo("a");
  }

  @Test
  void whoHoldsWithoutWaitingIsNoChain() throws Exception {
    try (Holdfast locks = Holdfast.connect(engine);
        Hold hold = locks.lock("a").acquire()) {
      assertThat(explain("a")).doesNotContain("chain");
      assertThat(chain("a").get("links")).hasSize(1);
      assertThat(hold.isHeld()).isTrue();
    }
    assertThat(chain("a").get("end").textValue()).isEqualTo("free");
    assertThat(chain("a").get("links")).isEmpty();
    assertThat(explain("--format=dot", "a")).contains("nobody holds it");
  }
}
