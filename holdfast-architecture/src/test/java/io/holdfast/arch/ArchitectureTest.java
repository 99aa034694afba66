package io.holdfast.arch;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysFalse;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleNameEndingWith;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every module of the build keeps the rules. */
class ArchitectureTest {

  private static final JavaClasses CORE =
      BuildModule.all().stream()
          .filter(module -> module.name().equals("holdfast-core"))
          .findFirst()
          .orElseThrow()
          .mainClasses();

  /** What in a module need not keep the rules of all. */
  private static final Map<String, DescribedPredicate<JavaClass>> FREE =
      Map.of(
          // Benchmarks measure what a reading of the clock costs, and JMH's generated code reads
          // it.
          "holdfast-bench",
          simpleNameEndingWith("Benchmark").or(resideInAPackage("..jmh_generated..")),
          // The simulator is the door by which chance enters a simulated world.
          "holdfast-sim",
          name("io.holdfast.sim.Simulator").forSubtype(),
          // Breaches that the rules must see.
          "holdfast-architecture",
          belongToAnyOf(ArchitectureRulesTest.class));

  @ParameterizedTest
  @MethodSource("io.holdfast.arch.BuildModule#all")
  void mainCodeKeepsTheRulesOfEveryModule(BuildModule module) {
    JavaClasses classes = bound(module, module.mainClasses());
    ArchitectureRules.forEveryModule().forEach(rule -> rule.check(classes));
  }

  @ParameterizedTest
  @MethodSource("io.holdfast.arch.BuildModule#all")
  void testsDoNotSleep(BuildModule module) {
    ArchitectureRules.testsDoNotSleep().check(bound(module, module.testClasses()));
  }

  /** Kits are main code. */
  @ParameterizedTest
  @MethodSource("io.holdfast.arch.BuildModule#all")
  void tagsAreKnown(BuildModule module) {
    ArchitectureRules.tagsAreKnown().check(bound(module, module.mainClasses()));
    ArchitectureRules.tagsAreKnown().check(bound(module, module.testClasses()));
  }

  @Test
  void buildsChooseByKnownTags() {
    assertThat(KnownTags.chosenBy(BuildModule.parentPom())).isNotEmpty().isSubsetOf(KnownTags.ALL);
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

  private static JavaClasses bound(BuildModule module, JavaClasses classes) {
    return classes.that(not(FREE.getOrDefault(module.name(), alwaysFalse())));
  }
}
