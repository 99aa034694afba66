package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationTextTest {

  @ParameterizedTest
  @CsvSource({
    "500ms, PT0.5S",
    "10s, PT10S",
    "5m, PT5M",
    "1h, PT1H",
    "2d, PT48H",
    "7, PT7S",
    "0.25, PT0.25S",
    ".5s, PT0.5S",
    "1.5h, PT1H30M",
    "0, PT0S",
    "PT1M30S, PT1M30S",
    "10S, PT10S"
  })
  void readsWhatPeopleWrite(String text, String iso) {
    assertThat(DurationText.parse(text)).isEqualTo(Duration.parse(iso));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "10 parsecs", "1e9", "10sm", "ms", "1.2.3", "0x10"})
  void refusesNonsenseWithExamples(String text) {
    assertThatThrownBy(() -> DurationText.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("write for example 500ms");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "-5s", "PT-3S", "-0.5"})
  void refusesNegativeOnes(String text) {
    assertThatThrownBy(() -> DurationText.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is negative; give zero or more");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 ms",
    "340, 340 ms",
    "1000, 1 s",
    "3140, 3.1 s",
    "12999, 12 s",
    "200000, 3 min 20 s",
    "180000, 3 min",
    "7500000, 2 h 5 min"
  })
  void saysThemAsPeopleDo(long millis, String text) {
    assertThat(DurationText.of(Duration.ofMillis(millis))).isEqualTo(text);
  }

  @Test
  void anAgeBeforeItsBeginningIsZero() {
    assertThat(DurationText.of(Duration.ofSeconds(-5))).isEqualTo("0 ms");
  }
}
