package io.holdfast.node;

import java.util.Set;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.StressOptions;

/**
 * How Lincheck runs models whose operations say nothing, so that {@code @Validate} is what counts.
 * Their operations use no AssertJ: Lincheck compares the objects that it meets, and AssertJ's
 * refuse that.
 */
final class Models {

  /**
   * Called under the guard of whoever uses them, so switching threads inside shows nothing new.
   * Nothing that blocks may stand here: Lincheck would not notice and hang.
   */
  private static final Set<String> GUARDED =
      Set.of(
          "io.holdfast.node.Ask",
          "io.holdfast.node.Grants",
          "io.holdfast.node.Losses",
          "io.holdfast.node.Readers",
          "java.lang.String",
          "java.time.Duration",
          "java.util.ArrayDeque",
          "java.util.ArrayList",
          "java.util.Deque",
          "java.util.HashMap",
          "java.util.Iterator",
          "java.util.List",
          "java.util.Map",
          "java.util.Optional",
          "java.util.PriorityQueue",
          "java.util.Queue");

  private static final boolean LONG = "long".equals(System.getProperty("holdfast.chaos"));

  private Models() {}

  /** How much of something is tried: the full number where time is no matter. */
  static int size(int full, int usual) {
    return LONG ? full : usual;
  }

  /** Two threads, which Lincheck switches at chosen accesses to shared memory. */
  static ModelCheckingOptions checking(Class<?> unseen, int actorsPerThread) {
    return new ModelCheckingOptions()
        .sequentialSpecification(unseen)
        .threads(2)
        .actorsBefore(1)
        .actorsPerThread(actorsPerThread)
        .actorsAfter(0)
        .iterations(10)
        .invocationsPerIteration(size(60, 40))
        .addGuarantee(
            ManagedStrategyGuaranteeKt.forClasses(Models::isGuarded).allMethods().ignore());
  }

  /** Three threads as the processors run them, very often. */
  static StressOptions stressing(Class<?> unseen) {
    return new StressOptions()
        .sequentialSpecification(unseen)
        .minimizeFailedScenario(false)
        .threads(3)
        .actorsBefore(1)
        .actorsPerThread(3)
        .actorsAfter(0)
        .iterations(20)
        .invocationsPerIteration(size(5_000, 2_000));
  }

  private static boolean isGuarded(String type) {
    return GUARDED.contains(type)
        || type.startsWith("java.util.stream.")
        || type.startsWith("io.holdfast.rules.")
        || type.startsWith("org.slf4j.");
  }
}
