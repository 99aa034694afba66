package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Each scenario of {@link ServerKit} is run on a server or a client that is wrong, and notices. */
@Tag(Layers.PLANTED)
@Isolated("runs many processes")
class BrokenServersTest {

  private static final String BUG = "io.holdfast.tck.bug";
  private static final int RUNS_AT_ONCE = 3;

  /**
   * Something wrong.
   *
   * @param bug what
   * @param scenario how the name of the test begins that must notice
   * @param words a part of what it says then
   */
  private record Case(String bug, String scenario, String words) {}

  private static final List<Case> CASES =
      List.of(
          new Case(
              "renewals are taken for granted",
              "S01_holderBehindABlackHole",
              "held past its deadline"),
          new Case(
              "cancels are not sent", "S05_nothingIsLeftOfARequestWhoseReplyWasLost", "not within"),
          new Case("cancels are not sent", "S05_nothingIsLeftOfARequestThatWasLate", "not within"),
          new Case("nobody looks by himself", "S07_waiterThatIsNotWoken", "not within"),
          new Case("the dead live on", "S16_waitersBehindABlackHole", "not within"),
          new Case(
              "callers wait for the server", "S19_callsEndInTimeWhileTheServerHangs", "not within"),
          new Case("records at rest stay", "S23_manyNames", "left in the server"),
          new Case("everybody is woken", "S24_handOffCosts", "round trips per hand-off"),
          new Case("versions begin anew", "S27_tokensDoNotGoBack", "token after restart"),
          new Case(
              "renewals are taken for granted", "S27_holdersAreTold", "granted beside the holder"),
          new Case(
              "nothing is compared", "everyThreadOfEveryProcess", "acquisitions that were counted"),
          new Case(
              "one round trip too many", "costOfLocksInRoundTrips", "round trips of an acquire"));

  @TestFactory
  Stream<DynamicTest> kitNoticesEveryPlantedBug() {
    ExecutorService runs = Executors.newFixedThreadPool(RUNS_AT_ONCE);
    List<CompletableFuture<Map<String, Throwable>>> failed =
        CASES.stream()
            .map(each -> CompletableFuture.supplyAsync(() -> failures(each), runs))
            .toList();
    failed.forEach(CompletableFuture::join);
    runs.shutdown();
    return CASES.stream()
        .map(
            each ->
                DynamicTest.dynamicTest(
                    each.toString(), () -> check(each, failed.get(CASES.indexOf(each)).join())));
  }

  private static void check(Case wrong, Map<String, Throwable> failures) {
    System.out.println(wrong + " -> " + failures);
    assertThat(failures).as("tests that failed where %s", wrong.bug()).hasSize(1);
    assertThat(failures.values().iterator().next()).hasMessageContaining(wrong.words());
  }

  private static Map<String, Throwable> failures(Case wrong) {
    PostDiscoveryFilter scenario =
        test ->
            FilterResult.includedIf(
                !test.isTest() || test.getDisplayName().startsWith(wrong.scenario()));
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectClass(BrokenServerKit.class))
            .filters(scenario)
            .configurationParameter(BUG, wrong.bug())
            .build();
    Map<String, Throwable> failed = Collections.synchronizedMap(new TreeMap<>());
    LauncherFactory.create()
        .execute(
            request,
            new TestExecutionListener() {
              @Override
              public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (result.getStatus() != TestExecutionResult.Status.SUCCESSFUL) {
                  failed.put(test.getDisplayName(), result.getThrowable().orElseThrow());
                }
              }
            });
    return failed;
  }

  /** The kit on what a run is about. Not found by builds: its name does not say test. */
  static class BrokenServerKit extends ServerKit {

    private @Nullable ServerProcess server;
    private String bug = "";

    /** Starts the server before the lab of the test is made; so the lab is closed before it. */
    @RegisterExtension
    final BeforeEachCallback starter =
        test -> {
          bug = test.getConfigurationParameter(BUG).orElseThrow();
          server = ServerProcess.main(WireServer.class).arguments("{port}", bug).start();
          test.getStore(ExtensionContext.Namespace.create(BrokenServerKit.class))
              .put("server", server);
        };

    @Override
    protected ServerProcess server() {
      return Objects.requireNonNull(server);
    }

    @Override
    protected String engineUri(int port) {
      return "wire://127.0.0.1:" + port + "?" + URLEncoder.encode(bug, StandardCharsets.UTF_8);
    }

    @Override
    protected Collection<String> leftovers(String space) throws Exception {
      return WireRecordStore.leftovers(server().port(), space);
    }

    @Override
    protected String notificationMark() {
      return WireProtocol.SUBSCRIBE;
    }

    @Override
    protected Duration patience() {
      return Duration.ofSeconds(15);
    }
  }
}
