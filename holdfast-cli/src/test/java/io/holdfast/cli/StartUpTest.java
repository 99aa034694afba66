package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Engines that are not used cost the start of the command nothing. */
class StartUpTest {

  private static final List<String> UNWANTED =
      List.of(
          "io.holdfast.etcd.",
          "io.holdfast.redis.",
          "io.holdfast.zookeeper.",
          "io.grpc.",
          "io.lettuce.",
          "io.netty.",
          "org.apache.",
          "org.mariadb.",
          "org.postgresql.");

  @TempDir Path directory;

  private List<String> loaded(String... arguments) throws Exception {
    Path log = directory.resolve("classes");
    List<String> options = List.of("-Xlog:class+load:file=" + log + "::filecount=0");
    try (Shell shell = Shell.holdfastWith(options, arguments)) {
      assertThat(shell.code()).as(shell.err()).isZero();
    }
    return Files.readAllLines(log);
  }

  @Test
  void noClassOfAnotherEngineIsLoaded() throws Exception {
    String engine = "--engine=" + directory.resolve("locks.db").toUri();
    for (List<String> command :
        List.of(List.of("run", engine, "a", "--", "true"), List.of("ls", engine))) {
      List<String> classes = loaded(command.toArray(new String[0]));
      assertThat(classes).anyMatch(line -> line.contains("io.holdfast.jdbc.FileEngineProvider"));
      assertThat(classes)
          .noneMatch(line -> UNWANTED.stream().anyMatch(name -> line.contains(" " + name)));
    }
  }

  /** Whoever looks for something stops at the first jar that has it. */
  @Test
  void theFileEngineComesBeforeAllOthers() {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> entries = Arrays.asList(path.split(File.pathSeparator));
    int file = first(entries, "holdfast-jdbc");
    assertThat(file).isNotNegative();
    for (String other : List.of("holdfast-etcd", "holdfast-redis", "holdfast-zookeeper")) {
      assertThat(first(entries, other)).as(other).isGreaterThan(file);
    }
  }

  private static int first(List<String> entries, String part) {
    for (int i = 0; i < entries.size(); i++) {
      if (entries.get(i).contains(part)) {
        return i;
      }
    }
    return -1;
  }
}
