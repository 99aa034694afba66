package io.holdfast.sim;

import io.holdfast.arch.ArchitectureRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  @Test
  void theModuleKeepsTheRulesOfEveryModule() {
    ArchitectureRules.forEveryModule()
        .forEach(rule -> rule.check(ArchitectureRules.mainClassesBeside(getClass())));
  }
}
