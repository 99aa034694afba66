package io.holdfast.arch;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** The architecture as rules that a build can check. */
final class ArchitectureRules {

  private static final String ROOT = "io.holdfast";
  private static final String ENVIRONMENT = "io.holdfast.engine.Environment";

  private static final Pattern VAGUE_WORD =
      Pattern.compile("(?:Impl|Manager|Helper|Util|Data|Info|Base)s?(?![a-z0-9])");

  /** Type to method: every overload of these lets the clock or chance in. */
  private static final Map<String, Set<String>> DOORS =
      Map.ofEntries(
          Map.entry("java.lang.System", Set.of("currentTimeMillis", "nanoTime")),
          Map.entry("java.lang.Math", Set.of("random")),
          Map.entry("java.lang.StrictMath", Set.of("random")),
          Map.entry("java.util.UUID", Set.of("randomUUID")),
          Map.entry("java.util.Random", Set.of("<init>")),
          Map.entry("java.util.SplittableRandom", Set.of("<init>")),
          Map.entry(
              "java.security.SecureRandom", Set.of("<init>", "getInstance", "getInstanceStrong")),
          Map.entry("java.util.concurrent.ThreadLocalRandom", Set.of("current")),
          Map.entry("java.util.random.RandomGenerator", Set.of("of", "getDefault")));

  private ArchitectureRules() {}

  /** What holds for the main code of every module. */
  static Iterable<ArchRule> forEveryModule() {
    return Set.of(clockAndChanceEnterByTheEnvironment(), typesHaveTellingNames(), nodeIsInternal());
  }

  /** Time and randomness are taken from the {@code Environment}, so that they can be simulated. */
  static ArchRule clockAndChanceEnterByTheEnvironment() {
    return noClasses()
        .that(not(describe("the Environment", ArchitectureRules::isEnvironment)))
        .should()
        .accessTargetWhere(describe("it reads a clock or draws at random", ArchitectureRules::door))
        .because("clock and chance enter through " + ENVIRONMENT + " alone")
        .allowEmptyShould(true);
  }

  /** A type's name says what it is. */
  static ArchRule typesHaveTellingNames() {
    return noClasses()
        .should(
            ArchCondition.<JavaClass>from(
                describe(
                    "be named with Impl, Manager, Helper, Util, Data, Info or Base",
                    type -> VAGUE_WORD.matcher(type.getSimpleName()).find())))
        .because("such a word says nothing about the type")
        .allowEmptyShould(true);
  }

  /** The local lock layer serves the public API only. */
  static ArchRule nodeIsInternal() {
    return nodeIsInternal(ROOT);
  }

  static ArchRule nodeIsInternal(String root) {
    return noClasses()
        .that(not(resideInAnyPackage(root, root + ".node..")))
        .should()
        .dependOnClassesThat(resideInAPackage(root + ".node.."))
        .because("only the public API in " + root + " stands on the local lock layer")
        .allowEmptyShould(true);
  }

  /** The rules are pure: they know nothing else of Holdfast. */
  static ArchRule rulesStandAlone() {
    return rulesStandAlone(ROOT);
  }

  static ArchRule rulesStandAlone(String root) {
    return dependOnlyOn(root, root + ".rules..", resideInAPackage(root + ".rules.."));
  }

  /** Engines know the rules, and the API's values and exceptions, but not what is built on them. */
  static ArchRule enginesStandOnTheRules() {
    return enginesStandOnTheRules(ROOT);
  }

  static ArchRule enginesStandOnTheRules(String root) {
    return dependOnlyOn(
        root,
        root + ".engine..",
        resideInAnyPackage(root + ".engine..", root + ".rules..").or(valueOf(root)));
  }

  /** Guards serve a resource that takes no locks. */
  static ArchRule fencesKnowOnlyValues() {
    return fencesKnowOnlyValues(ROOT);
  }

  static ArchRule fencesKnowOnlyValues(String root) {
    return dependOnlyOn(
        root, root + ".fence..", resideInAPackage(root + ".fence..").or(valueOf(root)));
  }

  /** Core talks to no database and no network: engine modules do. */
  static ArchRule coreOpensNoConnection() {
    return noClasses()
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("java.sql..", "javax.sql..", "java.net.http..")
                .or(
                    describe(
                        "sockets",
                        type ->
                            type.getPackageName().matches("java\\.net|java\\.nio\\.channels")
                                && type.getSimpleName().contains("Socket"))))
        .because("connections belong to the engine modules")
        .allowEmptyShould(true);
  }

  /** Tests wait for what they wait for, with a deadline. */
  static ArchRule testsDoNotSleep() {
    return noClasses()
        .should()
        .accessTargetWhere(describe("it sleeps", ArchitectureRules::sleep))
        .because("a sleep is too short on a slow machine and too long on a fast one")
        .allowEmptyShould(true);
  }

  /** A mistyped tag would take a test out of its layer, or into all of them. */
  static ArchRule tagsAreKnown() {
    return classes()
        .should(
            ArchCondition.<JavaClass>from(
                describe(
                    "carry only tags of " + new TreeSet<>(KnownTags.ALL),
                    type -> KnownTags.carriedBy(type).allMatch(KnownTags.ALL::contains))))
        .because("a build chooses tests by their tags")
        .allowEmptyShould(true);
  }

  private static ArchRule dependOnlyOn(
      String root, String layer, DescribedPredicate<JavaClass> allowed) {
    return classes()
        .that()
        .resideInAPackage(layer)
        .should()
        .onlyDependOnClassesThat(not(resideInAPackage(root + "..")).or(allowed))
        .because("arrows point from the API to the rules, never back")
        .allowEmptyShould(true);
  }

  /** The API's values and exceptions: the types in the root package that do not reach the node. */
  private static DescribedPredicate<JavaClass> valueOf(String root) {
    DescribedPredicate<JavaClass> node = resideInAPackage(root + ".node..");
    return describe(
        "values of " + root,
        type ->
            type.getPackageName().equals(root)
                && type.getDirectDependenciesFromSelf().stream()
                    .noneMatch(dependency -> node.test(dependency.getTargetClass())));
  }

  private static boolean isEnvironment(JavaClass type) {
    return type.getName().equals(ENVIRONMENT) || type.getName().startsWith(ENVIRONMENT + "$");
  }

  private static boolean door(JavaAccess<?> access) {
    if (!(access.getTarget() instanceof AccessTarget.CodeUnitAccessTarget target)) {
      return false;
    }
    String type = target.getOwner().getName();
    String method = target.getName();
    int arguments = target.getRawParameterTypes().size();
    return sleep(access)
        || DOORS.getOrDefault(type, Set.of()).contains(method)
        || (type.equals("java.time.Clock") && method.matches("system.*|tick[A-Z].*"))
        || (type.startsWith("java.time.") && method.equals("now") && !takesClock(target))
        || (type.equals("java.util.Date") && method.equals("<init>") && arguments == 0)
        || (type.equals("java.util.Collections") && method.equals("shuffle") && arguments == 1);
  }

  private static boolean sleep(JavaAccess<?> access) {
    JavaClass owner = access.getTarget().getOwner();
    return access.getTarget().getName().equals("sleep")
        && (owner.isAssignableTo(Thread.class) || owner.isAssignableTo(TimeUnit.class));
  }

  private static boolean takesClock(AccessTarget.CodeUnitAccessTarget target) {
    return target.getRawParameterTypes().stream()
        .anyMatch(parameter -> parameter.getName().equals("java.time.Clock"));
  }
}
