package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.LockOptions.Fairness;
import io.holdfast.LockOptions.Retention;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class LockOptionsTest {

  @Test
  void defaultsAreThoseOfTheDocumentation() {
    assertThat(LockOptions.DEFAULT.retention()).isEqualTo(Retention.ADAPTIVE);
    assertThat(LockOptions.DEFAULT.fairness()).isEqualTo(Fairness.NODE);
    assertThat(LockOptions.DEFAULT.maxHold()).isEmpty();
  }

  @Test
  void changesMakeCopies() {
    LockOptions changed =
        LockOptions.DEFAULT.retention(Retention.OFF).maxHold(Duration.ofSeconds(3));
    assertThat(changed.retention()).isEqualTo(Retention.OFF);
    assertThat(changed.maxHold()).contains(Duration.ofSeconds(3));
    assertThat(LockOptions.DEFAULT.retention()).isEqualTo(Retention.ADAPTIVE);
    assertThat(LockOptions.DEFAULT.maxHold()).isEmpty();
  }

  @Test
  void strictFairnessImpliesNoRetention() {
    LockOptions strict = LockOptions.DEFAULT.fairness(Fairness.STRICT);
    assertThat(strict.retention()).isEqualTo(Retention.OFF);
    assertThat(strict.toString()).contains("STRICT").contains("OFF");
  }

  @Test
  void equalOptionsAreEqual() {
    LockOptions one = LockOptions.DEFAULT.maxHold(Duration.ofMillis(1000));
    LockOptions same = LockOptions.DEFAULT.maxHold(Duration.ofSeconds(1));
    assertThat(one)
        .isEqualTo(same)
        .hasSameHashCodeAs(same)
        .isNotEqualTo(LockOptions.DEFAULT)
        .isNotEqualTo(one.fairness(Fairness.STRICT))
        .isNotEqualTo(one.retention(Retention.OFF))
        .isNotEqualTo("options");
  }

  @Test
  void maxHoldIsPositive() {
    for (Duration limit : List.of(Duration.ZERO, Duration.ofNanos(-1))) {
      assertThatThrownBy(() -> LockOptions.DEFAULT.maxHold(limit))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("maxHold must be more than zero")
          .hasMessageContaining("give a positive Duration");
    }
  }
}
