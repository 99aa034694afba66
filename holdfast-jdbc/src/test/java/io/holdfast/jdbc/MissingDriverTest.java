package io.holdfast.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.EngineUnavailableException;
import io.holdfast.Holdfast;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drivers are added by who uses them. A JVM without any says which one to add. */
class MissingDriverTest {

  /** Connects to its only argument and says how that failed. */
  static final class Attempt {
    private Attempt() {}

    public static void main(String[] arguments) {
      try (Holdfast locks = Holdfast.builder(arguments[0]).connect()) {
        System.out.println("connected to " + locks);
      } catch (EngineUnavailableException missing) {
        System.out.println(missing.getMessage());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "postgresql://host/database, org.postgresql:postgresql",
    "mariadb://host/database, org.mariadb.jdbc:mariadb-java-client",
    "mysql://host/database, org.mariadb.jdbc:mariadb-java-client"
  })
  void theOneToAddIsNamed(String uri, String driver) throws Exception {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    String without =
        Arrays.stream(path.split(File.pathSeparator))
            .filter(entry -> !entry.matches(".*(postgresql|mariadb|mysql)[^/]*\\.jar"))
            .collect(Collectors.joining(File.pathSeparator));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                without,
                Attempt.class.getName(),
                uri)
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    assertThat(said).contains("no JDBC driver", "add " + driver + " to the dependencies");
  }
}
