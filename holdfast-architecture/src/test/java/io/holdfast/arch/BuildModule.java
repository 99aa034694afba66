package io.holdfast.arch;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A module that the parent POM lists: a folder with sources, and with what was compiled of them.
 */
record BuildModule(Path folder) {

  private static final Pattern LISTED = Pattern.compile("<module>([^<]+)</module>");

  /** All modules of the build, in the order of the parent POM. */
  static List<BuildModule> all() {
    Path root = root();
    return LISTED
        .matcher(parentPom())
        .results()
        .map(listed -> new BuildModule(root.resolve(listed.group(1))))
        .toList();
  }

  static String parentPom() {
    Path pom = root().resolve("pom.xml");
    try {
      return Files.readString(pom);
    } catch (IOException e) {
      throw new IllegalStateException("cannot read " + pom, e);
    }
  }

  String name() {
    return folder.getFileName().toString();
  }

  JavaClasses mainClasses() {
    return classes("src/main/java", "target/classes");
  }

  JavaClasses testClasses() {
    return classes("src/test/java", "target/test-classes");
  }

  /** A module that was left out of the build would keep every rule. */
  private JavaClasses classes(String sources, String compiled) {
    Path place = folder.resolve(compiled);
    JavaClasses classes =
        new ClassFileImporter().importPaths(Files.isDirectory(place) ? List.of(place) : List.of());
    if (Files.isDirectory(folder.resolve(sources)) && classes.isEmpty()) {
      throw new IllegalStateException(
          name()
              + " has sources but no classes in "
              + place
              + "; build it first: with -am, or all");
    }
    return classes;
  }

  /** This class lies in a module of the build, which lies in the folder of the parent POM. */
  private static Path root() {
    try {
      Path testClasses =
          Path.of(BuildModule.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      return testClasses.resolve("../../..").normalize();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("the test classes have no place on disk", e);
    }
  }

  @Override
  public String toString() {
    return name();
  }
}
