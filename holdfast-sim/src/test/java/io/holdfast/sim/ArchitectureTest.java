package io.holdfast.sim;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;

import com.tngtech.archunit.core.domain.JavaClasses;
import io.holdfast.arch.ArchitectureRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  @Test
  void keepsTheRulesOfEveryModule() {
    // The simulator is the door by which chance enters a simulated world.
    JavaClasses classes =
        ArchitectureRules.mainClassesBeside(ArchitectureTest.class)
            .that(not(name(Simulator.class.getName())));
    ArchitectureRules.forEveryModule().forEach(rule -> rule.check(classes));
  }
}
