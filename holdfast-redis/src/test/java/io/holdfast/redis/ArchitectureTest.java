package io.holdfast.redis;

import io.holdfast.arch.ArchitectureRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  @Test
  void keepsTheRulesOfEveryModule() {
    ArchitectureRules.forEveryModule()
        .forEach(rule -> rule.check(ArchitectureRules.mainClassesBeside(ArchitectureTest.class)));
  }
}
