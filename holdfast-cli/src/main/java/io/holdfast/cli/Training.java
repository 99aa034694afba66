package io.holdfast.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.Callable;
import org.sqlite.util.LibraryLoaderUtil;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * What the launcher runs once after a build: unpacks SQLite's native library, and uses the classes
 * that the commands use, so that the JVM can archive them. docs/decisions/0004 says what for.
 */
@Command(name = Training.NAME, hidden = true)
final class Training implements Callable<Integer> {

  static final String NAME = "launcher-training";

  @Parameters(paramLabel = "DIRECTORY")
  private Path directory = Path.of("");

  @Override
  public Integer call() throws IOException {
    unpackLibrary();
    Path file = Files.createTempDirectory(directory, "training").resolve("locks.db");
    String engine = "--engine=" + file.toUri();
    practise("ls", "--json", engine);
    practise("ls", engine);
    practise("run", "--json", engine, "training", "--", "true");
    practise("run", engine, "training", "--", "true");
    practise("run", "-w5", engine, "training", "--", "true");
    practise("explain", engine, "training");
    practise("--help");
    return ExitCodes.OK;
  }

  private void unpackLibrary() throws IOException {
    String name = LibraryLoaderUtil.getNativeLibName();
    String resource = LibraryLoaderUtil.getNativeLibResourcePath() + "/" + name;
    try (InputStream library = LibraryLoaderUtil.class.getResourceAsStream(resource)) {
      if (library != null) {
        Files.copy(library, directory.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private static void practise(String... arguments) {
    PrintWriter nowhere =
        new PrintWriter(new ByteArrayOutputStream(), false, StandardCharsets.UTF_8);
    Main.execute(new Console(nowhere, nowhere, false, false), arguments);
  }
}
