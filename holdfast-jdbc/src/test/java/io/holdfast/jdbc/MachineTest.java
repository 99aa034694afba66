package io.holdfast.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Environment.Ticker;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class MachineTest {

  private record Fixed(long nanoTime, long epochMillis) implements Ticker {}

  @Test
  @EnabledOnOs(OS.LINUX)
  void thisJvmHasTheMachinesClock() {
    Environment environment = Environment.system("machine");
    Machine machine = Machine.of(environment.ticker());
    environment.scheduler().close();
    assertThat(machine.boot()).hasSize(36);
    assertThat(machine.knowsBoot()).isTrue();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void anotherClockIsRefused() {
    for (long reading : new long[] {Long.MAX_VALUE, -1, 0}) {
      assertThatThrownBy(() -> Machine.of(new Fixed(reading, 0)))
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining("use a JVM whose System.nanoTime() counts from the start");
    }
  }

  @Test
  void aClockMayHaveStoodStillDuringSuspension() {
    assertThat(Machine.plausible(1000, "1000.00 2000.00")).isTrue();
    assertThat(Machine.plausible(400, "1000.00 2000.00")).isTrue();
    assertThat(Machine.plausible(1002, "1000.00 2000.00")).isFalse();
    assertThat(Machine.plausible(-5, "1000.00 2000.00")).isFalse();
  }
}
