package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code doctor} makes of an engine's examination. */
@Execution(ExecutionMode.CONCURRENT)
class DoctorTest {

  private final StringWriter out = new StringWriter();

  private int doctor(String... arguments) {
    String[] all = new String[arguments.length + 2];
    all[0] = "doctor";
    all[1] = "--engine";
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    PrintWriter both = new PrintWriter(out);
    return Main.execute(new Console(both, both, false, false), all);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "FINE                        | 0 | ok     fine-thing    | All is well.",
        "FINE,UNKNOWN                | 0 | ?      unknown-thing | as far as the server tells",
        "UNKNOWN,WARNING,FINE        | 0 | WARN   warning-thing | Locks work. See WARN above",
        "WARNING,UNSAFE,FINE,UNKNOWN | 2 | UNSAFE unsafe-thing  | lost or given twice",
      })
  void theWorstFindingDecides(String levels, int code, String line, String end) {
    assertThat(doctor("examined:" + levels)).as(out.toString()).isEqualTo(code);
    assertThat(out.toString())
        .containsPattern("(?m)^" + line.replace("?", "\\?") + " +so it is$")
        .contains(end)
        .contains("What this engine promises:");
  }

  @Test
  void jsonHasTheLevels() throws Exception {
    assertThat(doctor("examined:WARNING,UNSAFE", "--json")).isEqualTo(ExitCodes.UNSAFE);
    JsonNode json = new ObjectMapper().readTree(out.toString());
    assertThat(json.get("ok").booleanValue()).isFalse();
    assertThat(json.get("level").textValue()).isEqualTo("unsafe");
    assertThat(json.get("checks").findValuesAsText("level")).contains("ok", "warning", "unsafe");
    assertThat(json.get("guarantees")).isNotEmpty();
  }

  @Test
  void anExaminationThatHangsIsAnErrorInTime() {
    assertThat(doctor("examined:HANGS")).isEqualTo(ExitCodes.NO);
    assertThat(out.toString()).contains("BAD").contains("has not answered within 10000 ms");
  }

  @Test
  void secretsAreNotShown() {
    assertThat(doctor("gopher://user:geheim@host/x?auth=digest:me:geheim")).isEqualTo(ExitCodes.NO);
    assertThat(out.toString()).contains("gopher://host/x").doesNotContain("geheim");
  }

  /**
   * Each engine is on the class path, gives up in time, and says where and without the password.
   */
  @ParameterizedTest
  @Timeout(value = 100, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  @ValueSource(
      strings = {
        "postgresql://user:geheim@127.0.0.1:1/app",
        "mariadb://user:geheim@127.0.0.1:1/app",
        "mysql://user:geheim@127.0.0.1:1/app",
        "redis://user:geheim@127.0.0.1:1",
        "etcd://user:geheim@127.0.0.1:1",
        "zookeeper://127.0.0.1:1/locks?auth=digest:user:geheim",
      })
  void aServerThatIsNotThereIsNamed(String engine) {
    assertThat(doctor(engine)).as(out.toString()).isEqualTo(ExitCodes.NO);
    assertThat(out.toString())
        .containsPattern("BAD +engine +" + engine.substring(0, engine.indexOf(':')) + "://127")
        .contains("127.0.0.1:1", "Something is wrong")
        .doesNotContain("geheim", "no engine for the scheme", "no JDBC driver");
  }
}
