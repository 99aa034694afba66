package io.holdfast.bench;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleNameEndingWith;

import com.tngtech.archunit.core.domain.JavaClasses;
import io.holdfast.arch.ArchitectureRules;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  /** Benchmarks measure what a reading of the clock costs, and JMH's generated code reads it. */
  @Test
  void keepsTheRulesOfEveryModuleButInBenchmarks() {
    JavaClasses classes =
        ArchitectureRules.mainClassesBeside(ArchitectureTest.class)
            .that(not(simpleNameEndingWith("Benchmark")))
            .that(not(resideInAPackage("..jmh_generated..")));
    ArchitectureRules.forEveryModule().forEach(rule -> rule.check(classes));
  }
}
