package io.holdfast.arch;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import io.holdfast.tck.Layers;
import java.net.Socket;
import java.sql.Connection;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules have teeth: each one sees a breach of it. */
class ArchitectureRulesTest {

  private static final String BROKEN = "io.holdfast.arch.broken";
  private static final JavaClasses BROKEN_TREE = new ClassFileImporter().importPackages(BROKEN);

  @ParameterizedTest
  @ValueSource(
      classes = {
        ReadsMillis.class, PassesNanoTime.class, AsksInstant.class, AsksLocalTime.class,
        TakesSystemClock.class, Sleeps.class, SleepsAsThread.class, SleepsByUnit.class,
        DrawsFromMath.class, DrawsFromRandom.class, DrawsFromThread.class, DrawsUuid.class
      })
  void clockAndChanceAreSeen(Class<?> breach) {
    assertThat(breachOf(ArchitectureRules.clockAndChanceEnterByTheEnvironment(), breach)).isTrue();
  }

  @Test
  void aGivenClockIsNoBreach() {
    ArchRule rule = ArchitectureRules.clockAndChanceEnterByTheEnvironment();
    assertThat(breachOf(rule, AsksGivenClock.class)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(classes = {LockManager.class, NodeInfo.class, NameUtils.class, DataOfNode.class})
  void vagueNamesAreSeen(Class<?> breach) {
    assertThat(breachOf(ArchitectureRules.typesHaveTellingNames(), breach)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(classes = {Database.class, Information.class, Utility.class, Base64Name.class})
  void longerWordsAreNoBreach(Class<?> telling) {
    assertThat(breachOf(ArchitectureRules.typesHaveTellingNames(), telling)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(classes = {HoldsSocket.class, HoldsConnection.class})
  void connectionsAreSeen(Class<?> breach) {
    assertThat(breachOf(ArchitectureRules.coreOpensNoConnection(), breach)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(classes = {Sleeps.class, SleepsAsThread.class, SleepsByUnit.class})
  void sleepIsSeen(Class<?> breach) {
    assertThat(breachOf(ArchitectureRules.testsDoNotSleep(), breach)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(classes = {TaggedAtRandom.class, TaggedTwice.class, TaggedWithin.class})
  void unknownTagsAreSeen(Class<?> breach) {
    assertThat(breachOf(ArchitectureRules.tagsAreKnown(), breach)).isTrue();
  }

  @Test
  void layersAndEnginesAreKnownTags() {
    assertThat(breachOf(ArchitectureRules.tagsAreKnown(), TaggedWell.class)).isFalse();
  }

  @Test
  void tagsAreFoundInAPom() {
    String pom =
        """
        <holdfast.test.more>faults | long</holdfast.test.more>
        <holdfast.test.only />
        <holdfast.test.forks>2</holdfast.test.forks>
        <holdfast.test.without>(${holdfast.test.more}) &amp; !(flie|redis)</holdfast.test.without>
        """;
    assertThat(KnownTags.chosenBy(pom))
        .containsExactlyInAnyOrder("faults", "long", "flie", "redis");
  }

  @Test
  void layersAreKept() {
    assertThat(breakersOf(ArchitectureRules.rulesStandAlone(BROKEN))).contains("RulesKnowValue");
    assertThat(breakersOf(ArchitectureRules.enginesStandOnTheRules(BROKEN)))
        .contains("EngineKnowsFacade", "EngineKnowsNode")
        .doesNotContain("EngineKnowsValue");
    assertThat(breakersOf(ArchitectureRules.fencesKnowOnlyValues(BROKEN)))
        .contains("FenceKnowsRules")
        .doesNotContain("FenceKnowsValue");
    assertThat(breakersOf(ArchitectureRules.nodeIsInternal(BROKEN)))
        .contains("EngineKnowsNode")
        .doesNotContain("broken.Facade");
  }

  private static boolean breachOf(ArchRule rule, Class<?> type) {
    return rule.evaluate(new ClassFileImporter().importClasses(type)).hasViolation();
  }

  private static String breakersOf(ArchRule rule) {
    return String.join("\n", rule.evaluate(BROKEN_TREE).getFailureReport().getDetails());
  }

  static final class ReadsMillis {
    long read() {
      return System.currentTimeMillis();
    }
  }

  static final class PassesNanoTime {
    LongSupplier pass() {
      return System::nanoTime;
    }
  }

  static final class AsksInstant {
    Instant ask() {
      return Instant.now();
    }
  }

  static final class AsksLocalTime {
    @SuppressWarnings("JavaTimeDefaultTimeZone")
    LocalDateTime ask() {
      return LocalDateTime.now();
    }
  }

  static final class TakesSystemClock {
    Clock take() {
      return Clock.systemUTC();
    }
  }

  static final class AsksGivenClock {
    Instant ask(Clock clock) {
      return Instant.now(clock);
    }
  }

  static final class Sleeps {
    void sleep() throws InterruptedException {
      Thread.sleep(1);
    }
  }

  static final class SleepsAsThread extends Thread {
    @Override
    public void run() {
      try {
        sleep(1);
      } catch (InterruptedException e) {
        interrupt();
      }
    }
  }

  static final class SleepsByUnit {
    void sleep() throws InterruptedException {
      TimeUnit.MILLISECONDS.sleep(1);
    }
  }

  @Tag("falts")
  static final class TaggedAtRandom {}

  @Tag(Layers.FAULTS)
  @Tag("flie")
  static final class TaggedTwice {}

  static final class TaggedWithin {
    @Tag("lnog")
    void run() {}
  }

  @Tag(Layers.NODE)
  @Tag("postgresql")
  static final class TaggedWell {}

  static final class DrawsFromMath {
    double draw() {
      return Math.random();
    }
  }

  static final class DrawsFromRandom {
    int draw() {
      return new Random(7).nextInt();
    }
  }

  static final class DrawsFromThread {
    int draw() {
      return ThreadLocalRandom.current().nextInt();
    }
  }

  static final class DrawsUuid {
    UUID draw() {
      return UUID.randomUUID();
    }
  }

  static final class LockManager {}

  static final class NodeInfo {}

  static final class NameUtils {}

  static final class DataOfNode {}

  static final class Database {}

  static final class Information {}

  static final class Utility {}

  static final class Base64Name {}

  record HoldsSocket(Socket socket) {}

  record HoldsConnection(Connection connection) {}
}
