package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.LockReport.Party;
import io.holdfast.WaitChain;
import io.holdfast.WaitChain.Link;
import io.holdfast.rules.Mode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Chains of waits as text, JSON and drawings. */
class ChainTest {

  private static final Instant NOW = Instant.parse("2026-01-01T00:00:10Z");

  private static Link link(String node, String holds, @Nullable String wanted) {
    return new Link(
        new Party(7, node, "host-" + node, 42),
        "main",
        holds,
        Mode.EXCLUSIVE,
        wanted,
        wanted == null ? null : Mode.SHARED,
        NOW.minusMillis(3100));
  }

  private static final WaitChain RUNNING =
      new WaitChain(
          "orders/42",
          List.of(link("billing", "orders/42", "ledger"), link("books", "ledger", null)),
          WaitChain.End.RUNNING);

  /** Somebody waits for one of two who wait for each other. */
  private static final WaitChain CIRCLE =
      new WaitChain(
          "a",
          List.of(link("x", "a", "b"), link("y", "b", "c"), link("z", "c", "b")),
          WaitChain.End.CYCLE);

  private static List<String> text(WaitChain chain, boolean coloured) {
    PrintWriter nowhere = new PrintWriter(new StringWriter());
    return new ChainText(chain, NOW, new Console(nowhere, nowhere, false, coloured)).lines();
  }

  @Test
  void textNamesWhoHoldsAndWhatThatOneWaitsFor() {
    assertThat(text(RUNNING, false))
        .containsExactly(
            "  orders/42 held by billing (pid 42 on host host-billing), main, who has waited 3.1 s"
                + " for ledger",
            "  ledger held by books (pid 42 on host host-books), main, for 3.1 s",
            "The last one waits for nobody: it runs, or keeps an idle lock.");
  }

  @Test
  void textMarksACircleAndOnlyThat() {
    List<String> lines = text(CIRCLE, false);
    assertThat(lines.get(0)).startsWith("  a held by x");
    assertThat(lines.get(1)).startsWith("* b held by y");
    assertThat(lines.get(2)).startsWith("* c held by z");
    assertThat(lines.get(3)).contains("the 2 marked with *").contains("deadlock if it lasts");
    assertThat(text(CIRCLE, true).get(1)).startsWith("\u001b[31m* b");
    assertThat(text(CIRCLE, true).get(0)).startsWith("  a held by");
  }

  @Test
  void namesDoNotSteerTheTerminal() {
    WaitChain evil =
        new WaitChain("a", List.of(link("x\u001b[2J", "a\n", null)), WaitChain.End.RUNNING);
    assertThat(text(evil, false).get(0)).startsWith("  a\uFFFD held by x\uFFFD[2J (");
  }

  @Test
  void jsonHasTheLinksAndTheCircle() {
    Map<String, Object> json = ChainJson.chain(CIRCLE, NOW);
    assertThat(json).containsEntry("end", "cycle");
    assertThat(json.get("links"))
        .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.list(Map.class))
        .extracting(each -> each.get("holds") + " " + each.get("waitsFor") + each.get("inCycle"))
        .containsExactly("a bfalse", "b ctrue", "c btrue");
    String line = Json.line(Map.of("cycle", ChainJson.links(CIRCLE.links(), NOW)));
    assertThat(Json.objects(line).get(2))
        .containsEntry("node", "z")
        .containsEntry("heldAs", "exclusive")
        .containsEntry("wantedAs", "shared")
        .containsEntry("ageMillis", 3100);
    assertThat(ChainJson.links(RUNNING.links(), NOW).get(1)).doesNotContainKey("waitsFor");
  }

  @Test
  void dotDrawsEachLockAndOwnerOnce() {
    String dot = String.join("\n", ChainDrawing.dot(CIRCLE, NOW));
    assertThat(dot)
        .startsWith("digraph waits {")
        .endsWith("}")
        .contains("lock0 [shape=box, label=\"a\"];")
        .contains("lock1 [shape=box, label=\"b\", color=red, fontcolor=red];")
        .contains("owner0 [shape=ellipse, label=\"x\\npid 42 on host host-x\\nmain\"];")
        .contains("lock0 -> owner0 [label=\"held by\"];")
        .contains("owner2 -> lock1 [label=\"has waited 3.1 s\", color=red, fontcolor=red];")
        .doesNotContain("lock3");
    assertThat(String.join("\n", ChainDrawing.dot(RUNNING, NOW)))
        .contains("lock1 -> owner1 [label=\"held for 3.1 s\"];")
        .doesNotContain("red");
  }

  @Test
  void dotKeepsQuotesInside() {
    WaitChain odd =
        new WaitChain("a\"b\\", List.of(link("x", "a\"b\\", null)), WaitChain.End.RUNNING);
    assertThat(ChainDrawing.dot(odd, NOW)).contains("  lock0 [shape=box, label=\"a\\\"b\\\\\"];");
  }

  @Test
  void mermaidDrawsTheSame() {
    String mermaid = String.join("\n", ChainDrawing.mermaid(CIRCLE, NOW));
    assertThat(mermaid)
        .startsWith("flowchart LR\n")
        .contains("lock1[\"b\"]:::circle")
        .contains("owner0([\"x<br/>pid 42 on host host-x<br/>main\"])\n")
        .contains("lock0 -->|\"held by\"| owner0")
        .contains("linkStyle 2,3,4,5 stroke:#c00");
    WaitChain odd =
        new WaitChain("<\"#;>", List.of(link("x", "<\"#;>", null)), WaitChain.End.RUNNING);
    assertThat(ChainDrawing.mermaid(odd, NOW)).contains("  lock0[\"#60;#34;#35;#59;#62;\"]");
  }

  @Test
  void aFreeLockIsDrawnToo() {
    WaitChain free = new WaitChain("a", List.of(), WaitChain.End.FREE);
    assertThat(String.join("\n", ChainDrawing.dot(free, NOW))).contains("nobody holds it");
    assertThat(String.join("\n", ChainDrawing.mermaid(free, NOW))).contains("nobody holds it");
  }
}
