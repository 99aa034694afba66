package io.holdfast;

import com.tngtech.archunit.core.domain.JavaClasses;
import io.holdfast.arch.ArchitectureRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  private static final JavaClasses CORE =
      ArchitectureRules.mainClassesBeside(ArchitectureTest.class);

  @Test
  void keepsTheRulesOfEveryModule() {
    ArchitectureRules.forEveryModule().forEach(rule -> rule.check(CORE));
  }

  @Test
  void rulesStandAlone() {
    ArchitectureRules.rulesStandAlone().check(CORE);
  }

  @Test
  void enginesStandOnTheRules() {
    ArchitectureRules.enginesStandOnTheRules().check(CORE);
  }

  @Test
  void fencesKnowOnlyValues() {
    ArchitectureRules.fencesKnowOnlyValues().check(CORE);
  }

  @Test
  void coreOpensNoConnection() {
    ArchitectureRules.coreOpensNoConnection().check(CORE);
  }
}
