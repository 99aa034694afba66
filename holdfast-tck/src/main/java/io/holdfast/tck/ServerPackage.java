package io.holdfast.tck;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Servers that come in a jar, so that a test needs no installation. What is unpacked may be read
 * and run by every user, is kept for as long as the JVM runs, and is deleted with it.
 *
 * <p>The jars are of one platform, Linux on x86-64. Thread-safe.
 */
public final class ServerPackage {

  private static final String RUNNABLE = "rwxr-xr-x";
  private static final long UNPACKING_SECONDS = 60;

  private ServerPackage() {}

  /** Whether programs for Linux on x86-64 run here. */
  public static boolean fitsThisMachine() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    return system.equals("linux") && System.getProperty("os.arch").equals("amd64");
  }

  /**
   * Writes one program to a directory of its own.
   *
   * @param name its file name
   * @param content of the file; closed
   */
  public static Path program(String name, InputStream content) {
    Path program = directory(name).resolve(name);
    try (content) {
      Files.copy(content, program);
      Files.setPosixFilePermissions(program, PosixFilePermissions.fromString(RUNNABLE));
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    return program;
  }

  /**
   * Unpacks an archive, by the program {@code tar} of the system.
   *
   * @param name for the name of the directory
   * @param archive a tar archive, decompressed; closed
   * @return the directory
   */
  public static Path archive(String name, InputStream archive) {
    Path directory = directory(name);
    try (archive) {
      Process tar =
          new ProcessBuilder("tar", "-x", "-C", directory.toString(), "--no-same-owner")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      try (OutputStream input = tar.getOutputStream()) {
        archive.transferTo(input);
      }
      if (!tar.waitFor(UNPACKING_SECONDS, TimeUnit.SECONDS) || tar.exitValue() != 0) {
        tar.destroyForcibly();
        throw new AssertionError("tar could not unpack " + name + " to " + directory);
      }
      return directory;
    } catch (IOException failure) {
      throw new UncheckedIOException("tar could not unpack " + name, failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", interrupted);
    }
  }

  private static Path directory(String name) {
    try {
      Path directory = Files.createTempDirectory("holdfast-" + name + "-");
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(RUNNABLE));
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> Trees.delete(directory), "end-of-" + name));
      return directory;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
