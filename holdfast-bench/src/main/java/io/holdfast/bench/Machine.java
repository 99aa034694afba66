package io.holdfast.bench;

import io.holdfast.engine.Environment;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What a run ran on.
 *
 * @param measured when it began
 * @param processor its model, as far as the system tells
 * @param cores how many the JVM may use
 * @param system the operating system
 * @param java the JVM
 * @param load the system load average of the last minute before the run; negative if unknown
 */
record Machine(
    String measured, String processor, int cores, String system, String java, double load) {

  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  static Machine here(Environment environment) {
    return new Machine(
        Instant.ofEpochMilli(environment.ticker().epochMillis()).toString(),
        readProcessor(),
        Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
  }

  private static String readProcessor() {
    String unknown = System.getProperty("os.arch");
    if (!Files.isReadable(PROCESSORS)) {
      return unknown;
    }
    try (Stream<String> lines = Files.lines(PROCESSORS)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(unknown);
    } catch (IOException e) {
      return unknown;
    }
  }

  String text() {
    return String.format(
        Locale.ROOT,
        "%s; %s, %d cores; %s; %s; load before the run %.1f",
        measured,
        processor,
        cores,
        system,
        java,
        load);
  }
}
