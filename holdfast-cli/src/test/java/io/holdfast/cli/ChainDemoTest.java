package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The demo of a deadlock through several processes. */
class ChainDemoTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int holdfast(String... arguments) {
    Console console = new Console(new PrintWriter(out), new PrintWriter(err), false, false);
    return Main.execute(console, arguments);
  }

  @Test
  void exactlyOneGivesWayAndTheOthersFinish() throws Exception {
    assertThat(holdfast("demo", "chain", "--nodes=5", "--processes=2", "--json"))
        .as(err + "\n" + out)
        .isZero();

    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.get("chain").get("links")).hasSize(5);
    assertThat(json.get("chain").get("end").textValue()).isEqualTo("running");
    assertThat(json.get("gaveWay")).hasSize(1);
    JsonNode victim = json.get("gaveWay").get(0);
    assertThat(victim.get("node").textValue()).isEqualTo("E");
    assertThat(victim.get("cycle")).hasSize(5);
    assertThat(victim.get("cycle").get(0).get("owner").textValue()).isEqualTo("thread-E");
    assertThat(Set.copyOf(victim.get("cycle").findValuesAsText("pid"))).hasSize(2);
    assertThat(json.get("finished")).hasSize(4);
    assertThat(json.get("failed")).isEmpty();
    assertThat(err.toString()).contains("in 2 processes", "E asks for the lock of A");
  }

  @Test
  void tellsWhoGaveWayAndWhy() {
    assertThat(holdfast("demo", "chain", "--nodes=3", "--processes=3"))
        .as(err + "\n" + out)
        .isZero();

    assertThat(out.toString())
        .contains("seen: A > B > C")
        .contains("C gave way ", "because its wait began last")
        .contains("thread-C holds C and waits for A")
        .contains("thread-A holds A and waits for B")
        .contains("ok   1 of 3 gave way, 2 finished")
        .doesNotContain("\u001b");
  }

  @Test
  void oneProcessOnlyIsNoPlaceForIt() {
    assertThat(holdfast("demo", "chain", "--engine", "memory:")).isEqualTo(ExitCodes.USAGE);
    assertThat(holdfast("demo", "--engine", "memory:", "chain")).isEqualTo(ExitCodes.USAGE);
    assertThat(err.toString().lines().filter(line -> line.contains("reaches one process only")))
        .hasSize(2);
    assertThat(err.toString()).contains("Try 'holdfast demo chain --help'.");
  }

  @Test
  void databasesAreAskedForFewConnections() {
    assertThat(ChainDemoCommand.frugal("postgresql://a/b"))
        .isEqualTo("postgresql://a/b?holdfast.connections=2");
    assertThat(ChainDemoCommand.frugal("mysql://a/b?x=1"))
        .isEqualTo("mysql://a/b?x=1&holdfast.connections=2");
    String chosen = "mariadb://a/b?holdfast.connections=5";
    assertThat(ChainDemoCommand.frugal(chosen)).isEqualTo(chosen);
    assertThat(ChainDemoCommand.frugal("redis://a")).isEqualTo("redis://a");
  }

  @Test
  void anythingElseIsNotAsPromised() {
    ChainDemo.GaveWay one = new ChainDemo.GaveWay("C", Duration.ZERO, List.of());
    assertThat(outcome(List.of(one), List.of("B", "A"), List.of()).isAsPromised()).isTrue();
    assertThat(outcome(List.of(one, one), List.of("B"), List.of()).isAsPromised()).isFalse();
    assertThat(outcome(List.of(), List.of("C", "B", "A"), List.of()).isAsPromised()).isFalse();
    assertThat(outcome(List.of(one), List.of("B"), List.of()).isAsPromised()).isFalse();
    assertThat(outcome(List.of(one), List.of("B"), List.of("A")).isAsPromised()).isFalse();
  }

  private static ChainDemo.Outcome outcome(
      List<ChainDemo.GaveWay> gaveWay, List<String> finished, List<String> failed) {
    return new ChainDemo.Outcome(3, Map.of(), gaveWay, finished, failed);
  }
}
