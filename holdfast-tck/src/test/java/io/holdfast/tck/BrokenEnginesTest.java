package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** The kit is tested too: the whole of it runs on engines that are wrong, and must notice. */
class BrokenEnginesTest {

  private static final String BUG = "io.holdfast.tck.bug";

  /** Nothing is wrong with these: what the kit says of the others is not the fault of the setup. */
  private static final List<PlantedBug> CONTROLS =
      List.of(
          PlantedBug.around("nothing, in memory", "", EngineFilter::new),
          PlantedBug.below("nothing, on a store", "", HeapRecordStore::new));

  private static final List<PlantedBug> BUGS =
      Stream.of(BrokenCommands.all(), BrokenLife.all(), BrokenStores.all())
          .flatMap(List::stream)
          .toList();

  private static final Map<String, PlantedBug> BY_TITLE =
      Stream.concat(CONTROLS.stream(), BUGS.stream())
          .collect(Collectors.toMap(PlantedBug::title, Function.identity()));

  @TestFactory
  Stream<DynamicTest> kitPassesGoodEngines() {
    return tests(CONTROLS);
  }

  @TestFactory
  Stream<DynamicTest> kitNoticesEveryPlantedBug() {
    return tests(BUGS);
  }

  private static Stream<DynamicTest> tests(List<PlantedBug> engines) {
    return engines.stream()
        .map(bug -> DynamicTest.dynamicTest(bug.title(), () -> check(bug, failedTests(bug))));
  }

  private static void check(PlantedBug bug, List<String> failed) {
    System.out.println("wrong: " + bug + " -> failed: " + failed);
    if (bug.caughtBy().isEmpty()) {
      assertThat(failed).isEmpty();
    } else {
      assertThat(failed)
          .as("tests that failed on an engine where %s", bug)
          .anyMatch(test -> test.startsWith(bug.caughtBy()));
    }
  }

  private static List<String> failedTests(PlantedBug bug) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectClass(BrokenKit.class))
            .configurationParameter(BUG, bug.title())
            .build();
    List<String> failed = new ArrayList<>();
    LauncherFactory.create()
        .execute(
            request,
            new TestExecutionListener() {
              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (result.getStatus() != TestExecutionResult.Status.SUCCESSFUL) {
                  failed.add(test.getDisplayName().replace("(Lab)", ""));
                }
              }
            });
    return failed.stream().sorted().toList();
  }

  /** The kit on the engine that a run is about. Not found by builds: its name does not say test. */
  static class BrokenKit extends EngineKit {

    private PlantedBug bug = CONTROLS.get(0);

    @RegisterExtension
    final BeforeEachCallback chooser =
        test -> bug = BY_TITLE.get(test.getConfigurationParameter(BUG).orElseThrow());

    @Override
    protected Engine open(String space, Environment environment) {
      return bug.opener().apply(space, environment);
    }

    @Override
    KitTime time() {
      return new VirtualTime();
    }

    @Override
    protected int scaled(int full) {
      return Math.max(8, full / 20);
    }

    @Override
    protected boolean forgetsWhenClosed() {
      return true;
    }
  }
}
