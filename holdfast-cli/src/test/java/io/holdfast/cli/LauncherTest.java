package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in a tree of its own, where "Maven" copies what the tests run on. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {

  @TempDir Path directory;
  private Path root = Path.of("");
  private Path launcher = Path.of("");
  private final List<Shell> started = new ArrayList<>();

  @BeforeEach
  void plantTree() throws IOException {
    root = Files.createDirectories(directory.resolve("a tree"));
    launcher = root.resolve("holdfast");
    Files.copy(Path.of("..", "holdfast"), launcher, StandardCopyOption.COPY_ATTRIBUTES);
    Path built = Files.createDirectories(root.resolve("built"));
    Files.createDirectories(root.resolve("holdfast-cli"));
    jars(built);
    script(
        root.resolve("mvnw"),
        "echo run >>'" + directory + "/builds'",
        "sleep 0.5",
        "mkdir -p holdfast-cli/target",
        "cp -R built/* holdfast-cli/target/");
  }

  @AfterEach
  void endAll() {
    started.forEach(Shell::close);
  }

  private static void jars(Path built) throws IOException {
    Path lib = Files.createDirectories(built.resolve("lib"));
    List<String> names = new ArrayList<>();
    Path own = null;
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    for (String entry : path.split(File.pathSeparator)) {
      Path source = Path.of(entry);
      if (Files.isDirectory(source) && Files.exists(source.resolve("io/holdfast/cli/Main.class"))) {
        own = source;
      } else if (Files.isDirectory(source)) {
        names.add("lib/holdfast-" + names.size() + ".jar");
        jar(source, lib.resolve(Path.of(names.get(names.size() - 1)).getFileName()), List.of());
      } else if (Files.exists(source)) {
        names.add("lib/" + source.getFileName());
        Files.copy(source, lib.resolve(source.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    assertThat(own).isNotNull();
    jar(own, built.resolve("holdfast-cli.jar"), names);
  }

  private static void jar(Path source, Path target, List<String> classPath) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, String.join(" ", classPath));
    try (OutputStream file = Files.newOutputStream(target);
        JarOutputStream jar = new JarOutputStream(file, manifest);
        Stream<Path> files = Files.walk(source)) {
      for (Path each : files.filter(Files::isRegularFile).collect(Collectors.toList())) {
        String name = source.relativize(each).toString();
        if (!name.equals("META-INF/MANIFEST.MF")) {
          jar.putNextEntry(new ZipEntry(name));
          Files.copy(each, jar);
        }
      }
    }
  }

  private static void script(Path file, String... lines) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }

  private Shell launch(Map<String, String> environment, String... arguments) {
    List<String> line = new ArrayList<>(List.of(launcher.toString()));
    line.addAll(List.of(arguments));
    Map<String, String> all = new java.util.HashMap<>();
    all.put("JAVA_HOME", System.getProperty("java.home"));
    all.put("HOLDFAST_ENGINE", directory.resolve("locks.db").toUri().toString());
    all.putAll(environment);
    Shell shell = Shell.start(all, line);
    started.add(shell);
    return shell;
  }

  private long builds() throws IOException {
    Path builds = directory.resolve("builds");
    return Files.exists(builds) ? Files.readAllLines(builds).size() : 0;
  }

  @Test
  void buildsOnFirstUseOnly() throws IOException {
    Shell first = launch(Map.of(), "run", "a", "--", "echo", "one  two");
    assertThat(first.code()).as(first.err()).isZero();
    assertThat(first.out()).isEqualTo("one  two");
    assertThat(first.err()).contains("holdfast: building", "holdfast: preparing for a fast start");
    Path launch = root.resolve("holdfast-cli/target/launch");
    assertThat(launch.resolve("classes.jsa")).isNotEmptyFile();
    assertThat(launch).isDirectoryContaining("glob:**sqlitejdbc*");
    assertThat(launch).isDirectoryNotContaining("glob:**training*");

    Shell second = launch(Map.of(), "run", "a", "--", "sh", "-c", "exit 3");
    assertThat(second.code()).isEqualTo(3);
    assertThat(second.err()).isEmpty();
    assertThat(builds()).isEqualTo(1);

    Shell forced = launch(Map.of("HOLDFAST_REBUILD", "1"), "ls");
    assertThat(forced.code()).as(forced.err()).isZero();
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void keepsArgumentsAndLocaleWithoutALocale() throws IOException {
    Map<String, String> cron = Map.of("LC_ALL", "", "LC_CTYPE", "", "LANG", "");
    // The test's own JVM may not be able to spell it, so a script does.
    launcher = root.resolve("umlaut");
    script(
        launcher,
        "exec '"
            + root
            + "/holdfast' run \"$(printf 'n\\303\\266')\" -- sh -c "
            + "'printf \"%s\" \"$HOLDFAST_LOCK\" | od -An -tx1; echo \"locale [$LC_ALL]\"'");

    Shell run = launch(cron);

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).contains("6e c3 b6").contains("locale []");
  }

  @Test
  void worksThroughLinksFromAnywhere() throws IOException {
    Path bin = Files.createDirectories(directory.resolve("bin"));
    Path far = Files.createSymbolicLink(bin.resolve("far"), launcher);
    Path near = Files.createSymbolicLink(bin.resolve("hf"), far.getFileName());
    launcher = near;

    Shell linked = launch(Map.of(), "run", "a", "--", "pwd");

    assertThat(linked.code()).as(linked.err()).isZero();
    assertThat(linked.out()).isEqualTo(Path.of("").toAbsolutePath().toString());
  }

  @Test
  void firstUsesAtTheSameTimeBuildOnce() throws IOException {
    List<Shell> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      all.add(launch(Map.of(), "run", "name" + i, "--", "true"));
    }
    for (Shell each : all) {
      assertThat(each.code()).as(each.err()).isZero();
    }
    assertThat(builds()).isEqualTo(1);
    assertThat(all.stream().map(Shell::err).filter(text -> text.contains("waiting for it")))
        .isNotEmpty();
  }

  @Test
  void aTurnWhoseOwnerIsGoneIsTaken() throws IOException {
    Path turn = Files.createDirectories(root.resolve("target/holdfast-build.lock"));
    Shell gone = Shell.start(Map.of(), List.of("true"));
    assertThat(gone.code()).isZero();
    Files.writeString(turn.resolve("pid"), gone.pid() + "\n");

    Shell next = launch(Map.of(), "ls");
    assertThat(next.code()).as(next.err()).isZero();
    assertThat(turn).doesNotExist();
  }

  @Test
  void aFailedBuildIsShownAndTriedAgain() throws IOException {
    script(root.resolve("mvnw"), "echo '[ERROR] no such thing'", "exit 1");
    Shell failed = launch(Map.of(), "ls");
    assertThat(failed.code()).isEqualTo(ExitCodes.FAILED);
    assertThat(failed.err())
        .contains("[ERROR] no such thing")
        .contains("the build failed; the whole log is " + root.toRealPath());
    assertThat(launch(Map.of(), "ls").code()).isEqualTo(ExitCodes.FAILED);
  }

  @Test
  void aMissingOrOldJavaIsNamed() throws IOException {
    Shell missing = launch(Map.of("JAVA_HOME", directory.toString()), "ls");
    assertThat(missing.code()).isEqualTo(ExitCodes.FAILED);
    assertThat(missing.err()).contains("JAVA_HOME is " + directory).contains("JDK 17 or later");

    script(directory.resolve("old/bin/java"), "echo '    java.specification.version = 11' >&2");
    Shell old = launch(Map.of("JAVA_HOME", directory.resolve("old").toString()), "ls");
    assertThat(old.code()).isEqualTo(ExitCodes.FAILED);
    assertThat(old.err()).contains("is Java 11; install a JDK 17 or later");

    Path tools = Files.createDirectories(directory.resolve("tools"));
    for (String tool : List.of("sh", "readlink")) {
      Files.createSymbolicLink(tools.resolve(tool), Path.of("/bin", tool));
    }
    Shell none = launch(Map.of("JAVA_HOME", "", "PATH", tools.toString()), "ls");
    assertThat(none.code()).isEqualTo(ExitCodes.FAILED);
    assertThat(none.err()).contains("no java on the PATH; install a JDK 17 or later");
    assertThat(builds()).isZero();
  }
}
