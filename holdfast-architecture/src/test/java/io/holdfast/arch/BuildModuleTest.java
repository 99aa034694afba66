package io.holdfast.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No module is forgotten. */
class BuildModuleTest {

  @Test
  void everyModuleIsFound() throws IOException {
    Path root = BuildModule.all().get(0).folder().getParent();
    try (Stream<Path> folders = Files.list(root)) {
      assertThat(BuildModule.all())
          .extracting(BuildModule::folder)
          .containsExactlyInAnyOrderElementsOf(
              folders.filter(folder -> Files.exists(folder.resolve("pom.xml"))).toList());
    }
  }

  @Test
  void sourcesWithoutClassesAreAFailure(@TempDir Path folder) throws IOException {
    BuildModule module = new BuildModule(folder);
    assertThat(module.mainClasses()).isEmpty();
    Files.createDirectories(folder.resolve("src/main/java"));
    assertThatThrownBy(module::mainClasses)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(module.name());
    Files.createDirectories(folder.resolve("target/classes"));
    assertThatThrownBy(module::mainClasses).isInstanceOf(IllegalStateException.class);
  }
}
