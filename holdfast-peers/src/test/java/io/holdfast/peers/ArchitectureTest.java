package io.holdfast.peers;

import com.tngtech.archunit.core.domain.JavaClasses;
import io.holdfast.arch.ArchitectureRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  @Test
  void keepsTheRulesOfEveryModule() {
    JavaClasses classes = ArchitectureRules.mainClassesBeside(ArchitectureTest.class);
    ArchitectureRules.forEveryModule().forEach(rule -> rule.check(classes));
  }
}
