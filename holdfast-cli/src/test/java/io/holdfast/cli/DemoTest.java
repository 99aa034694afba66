package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The demo is a test of its own: 8 processes, 1,000 increments each. */
@DisabledOnOs(OS.WINDOWS)
class DemoTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int demo(String... arguments) {
    Console console = new Console(new PrintWriter(out), new PrintWriter(err), false, false);
    String[] all = new String[arguments.length + 1];
    all[0] = "demo";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return Main.execute(console, all);
  }

  @Test
  @Tag("processes")
  void S02_S13_noIncrementIsLostAmongProcessesThatAreKilledAndStopped() throws Exception {
    assertThat(demo("--json")).as(err + "\n" + out).isZero();

    JsonNode parts = new ObjectMapper().readTree(out.toString()).get("parts");
    assertThat(parts.get(0).get("figures").get("counted").longValue()).isLessThan(8000);
    JsonNode locked = parts.get(1).get("figures");
    assertThat(locked.get("counted").longValue()).isEqualTo(8000);
    assertThat(locked.get("tokensGrow").booleanValue()).isTrue();
    assertThat(parts.get(2).get("figures").get("replacedMillis").longValue()).isLessThan(500);
    assertThat(parts.get(3).get("figures").get("replacedMillis").longValue())
        .isBetween(1333L, 3000L);
    assertThat(parts.get(3).get("figures").get("refusal").textValue()).contains("is stale");
    assertThat(err.toString()).contains("kill -9 ", "kill -STOP ", "kill -CONT ");
  }

  @Test
  void aSmallerOneTellsWhatHappensAndEndsWithASummary() {
    assertThat(demo("--processes=3", "--increments=300")).as(out.toString()).isZero();

    assertThat(out.toString())
        .contains("1. Without a lock", "updates are lost", "2. With the lock", "none is lost")
        .contains("3. A holder is killed", "4. A holder is stopped", "the fence refuses")
        .contains("Summary", "ok   with the lock");
    assertThat(out.toString()).doesNotContain("\u001b");
  }

  @Test
  void onAServerAKilledHolderIsReplacedWhenItsLeaseIsOver() {
    Duration ttl = Duration.ofSeconds(2);
    assertThat(new Demo.Settings(Path.of(""), "FILE:/x", 2, 2, ttl).killLimit())
        .isEqualTo(Duration.ofMillis(500));
    assertThat(new Demo.Settings(Path.of(""), "redis://host", 2, 2, ttl).killLimit())
        .isEqualTo(Duration.ofSeconds(3));
  }
}
