package io.holdfast.sim;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * The code of Holdfast with a change in its source, compiled and loaded beside the real one. So a
 * bug can be planted where it would really be, and the shipped code has no switch for it.
 */
final class PatchedCode implements AutoCloseable {

  private static final Path SOURCES = Path.of("..", "holdfast-core", "src", "main", "java");

  /**
   * A change in a source file.
   *
   * @param file its path below the source folder
   * @param from what is replaced; must be there exactly once
   * @param to what stands there instead
   */
  record Change(String file, String from, String to) {

    private String applied() throws IOException {
      String source = Files.readString(SOURCES.resolve(file));
      int at = source.indexOf(from);
      if (at < 0 || source.indexOf(from, at + 1) >= 0) {
        throw new AssertionError(file + " must contain exactly once: " + from);
      }
      return source.replace(from, to);
    }
  }

  private final Path classes;
  private final URLClassLoader loader;

  private PatchedCode(Path classes, URLClassLoader loader) {
    this.classes = classes;
    this.loader = loader;
  }

  /** Compiles some source files of core, each with a change. */
  static PatchedCode of(Change... changes) throws IOException {
    Path folder = Files.createTempDirectory("patched");
    List<Path> changed = new ArrayList<>();
    for (Change change : changes) {
      Path file = folder.resolve(Path.of(change.file()).getFileName());
      Files.writeString(file, change.applied());
      changed.add(file);
    }
    compile(changed, folder);
    for (Path file : changed) {
      Files.delete(file);
    }
    return new PatchedCode(folder, loader(folder));
  }

  private static void compile(List<Path> sources, Path target) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<String> options =
          List.of("-d", target.toString(), "-cp", System.getProperty("java.class.path"), "-nowarn");
      boolean compiled =
          compiler
              .getTask(null, files, null, options, null, files.getJavaFileObjectsFromPaths(sources))
              .call();
      if (!compiled) {
        throw new AssertionError("the planted bug does not compile: " + sources);
      }
    }
  }

  /** First the changed classes, then those of the class path, all of them loaded anew. */
  private static URLClassLoader loader(Path changed) throws IOException {
    List<URL> path = new ArrayList<>();
    path.add(changed.toUri().toURL());
    Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(PatchedCode::url)
        .forEach(path::add);
    return new URLClassLoader(path.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  private static URL url(String entry) {
    try {
      return Path.of(entry).toUri().toURL();
    } catch (MalformedURLException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  /** Runs the world of a seed on the changed code; empty if no rule was broken. */
  String violation(Theme theme, long seed) {
    try {
      Class<?> simulation = loader.loadClass(Simulation.class.getName());
      Class<?> themes = loader.loadClass(Theme.class.getName());
      Object same = themes.getMethod("valueOf", String.class).invoke(null, theme.name());
      Object outcome = simulation.getMethod("run", themes, long.class).invoke(null, same, seed);
      Object violation = outcome.getClass().getMethod("violation").invoke(outcome);
      return violation == null ? "" : violation.toString();
    } catch (InvocationTargetException thrown) {
      return String.valueOf(thrown.getCause());
    } catch (ReflectiveOperationException impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Runs a test of core on the changed code; empty if it passes. */
  String failure(String testClass, String method) {
    try {
      Constructor<?> made = loader.loadClass(testClass).getDeclaredConstructor();
      made.setAccessible(true);
      Object test = made.newInstance();
      Method run = test.getClass().getDeclaredMethod(method);
      run.setAccessible(true);
      run.invoke(test);
      return "";
    } catch (InvocationTargetException thrown) {
      return String.valueOf(thrown.getCause());
    } catch (ReflectiveOperationException impossible) {
      throw new AssertionError(impossible);
    }
  }

  @Override
  public void close() throws IOException {
    loader.close();
    try (Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
