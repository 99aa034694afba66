package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

class EngineLocationTest {

  @Test
  void theOptionComesBeforeTheVariable() {
    assertThat(EngineLocation.uri("memory:", Map.of("HOLDFAST_ENGINE", "file:x")))
        .isEqualTo("memory:");
    assertThat(EngineLocation.uri(null, Map.of("HOLDFAST_ENGINE", "file:x"))).isEqualTo("file:x");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void otherwiseItIsAFileInTheStateDirectory() {
    assertThat(EngineLocation.uri(null, Map.of("XDG_STATE_HOME", "/var/s t")))
        .isEqualTo("file:///var/s%20t/holdfast/locks.db");
  }

  @Test
  void aRelativeStateDirectoryIsIgnored() {
    assertThat(EngineLocation.uri(null, Map.of("XDG_STATE_HOME", "state", "HOLDFAST_ENGINE", " ")))
        .startsWith("file:///")
        .endsWith("/.local/state/holdfast/locks.db");
  }
}
