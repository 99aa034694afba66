package io.holdfast.jdbc;

import static io.holdfast.jdbc.Bench.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.RecordStore.Write;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What is no lock file, or cannot be one, is refused with the next step. */
class BadFilesTest {

  @TempDir Path directory;
  private Bench bench;

  @BeforeEach
  void open() {
    bench = new Bench(directory);
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private AbstractThrowableAssert<?, ? extends Throwable> assertRefused(Path file) {
    return assertThatThrownBy(() -> FileEngine.open(file, Bench.SPACE, bench.environment).close())
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining(file.getFileName().toString());
  }

  @Test
  void anotherProgramsDatabase() {
    Path foreign = directory.resolve("foreign.db");
    Bench.sqlOn(foreign, "CREATE TABLE customer (id INTEGER)");
    assertRefused(foreign)
        .hasMessageContaining("another program")
        .hasMessageEndingWith("choose another path");

    Path marked = directory.resolve("marked.db");
    Bench.sqlOn(marked, "PRAGMA application_id = 42");
    assertRefused(marked).hasMessageContaining("another program");
  }

  @Test
  void aFileThatIsNoDatabase() throws Exception {
    Path text = directory.resolve("notes.txt");
    Files.writeString(text, "buy milk\n".repeat(100));
    assertRefused(text)
        .hasMessageContaining("no SQLite database")
        .hasMessageEndingWith("choose another path");
    assertThat(Files.readString(text)).startsWith("buy milk");
  }

  @Test
  void aNewerFormat() {
    bench.open().close();
    bench.sql("PRAGMA user_version = 2");
    assertRefused(bench.file)
        .hasMessageContaining("format 2")
        .hasMessageEndingWith("upgrade Holdfast, or choose another path");
  }

  @Test
  void aDirectory() {
    assertRefused(directory).hasMessageContaining("is a directory; name a file in it");
  }

  @Test
  void aNameThatTheDriverDoesNotTake() {
    assertRefused(directory.resolve("what?.db")).hasMessageEndingWith("choose another name");
  }

  @Test
  void aDirectoryThatIsAFile() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    assertRefused(file.resolve("locks.db"))
        .hasMessageContaining("cannot be made")
        .hasMessageEndingWith("make it, or choose another path");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aPlaceThatCannotBeWritten() {
    assumeTrue(Files.isDirectory(Path.of("/proc/self")));
    assertRefused(Path.of("/proc/self/locks.db"))
        .hasMessageContaining("cannot be made")
        .hasMessageEndingWith("or choose another path");
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void aReadOnlyFile() throws Exception {
    bench.open().close();
    Files.setPosixFilePermissions(bench.file, PosixFilePermissions.fromString("r--r--r--"));
    if (Files.isWritable(bench.file)) {
      // Root may write any file, but not on a read-only file system.
      assertRefusedOnReadOnlyFileSystem();
    } else {
      assertRefused(bench.file).hasMessageContaining("is read-only");
    }
  }

  private void assertRefusedOnReadOnlyFileSystem() throws Exception {
    Path mounted = Files.createDirectory(directory.resolve("mounted"));
    boolean mounts = run("mount", "-t", "tmpfs", "-o", "size=4m", "holdfast-test", mounted) == 0;
    assumeTrue(mounts, "root without the right to mount cannot have a read-only file");
    try {
      Path file = mounted.resolve("locks.db");
      Files.copy(bench.file, file);
      assertThat(run("mount", "-o", "remount,ro", mounted)).isZero();
      assertRefused(file).hasMessageContaining("give this user write permission");
    } finally {
      run("umount", mounted);
    }
  }

  private static int run(Object... command) throws Exception {
    List<String> words = Arrays.stream(command).map(Object::toString).toList();
    return new ProcessBuilder(words).inheritIO().start().waitFor();
  }

  @Test
  void aDamagedFile() throws Exception {
    bench.open().close();
    // Closed by all, so that Java may touch it.
    byte[] bytes = Files.readAllBytes(bench.file);
    for (int i = 120; i < bytes.length; i++) {
      bytes[i] = (byte) 0xa5;
    }
    Files.write(bench.file, bytes);
    assertRefused(bench.file).hasMessageContaining("is damaged").hasMessageContaining("move it");
  }

  @Test
  void aFullDisk() {
    Dialect small = new FullDisk(bench);
    JdbcRecordStore store = JdbcRecordStore.open(small, Bench.SPACE, bench.environment);
    long version = Bench.write(store, "a", 0, "x").current().version();
    assertThatThrownBy(
            () -> await(store.compareAndSet(new Write("b", 0, new byte[1 << 20], Set.of()))))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("the disk is full")
        .hasMessageEndingWith("make room and try again");
    // It goes on afterwards, and nothing of the failed write has stayed.
    assertThat(Bench.write(store, "b", 0, "y").current().version()).isEqualTo(version + 1);
    store.close();
  }

  /** SQLite says the same of a limited file as of a full disk. */
  private static final class FullDisk extends DialectWrapper {
    FullDisk(Bench bench) {
      super(new SqliteDialect(bench.file, Machine.of(bench.environment.ticker())));
    }

    @Override
    public Sql connect() {
      Sql sql = super.connect();
      try {
        sql.number("PRAGMA max_page_count = 30");
      } catch (SQLException failure) {
        throw new AssertionError(failure);
      }
      return sql;
    }
  }

  @Test
  void aFileThatAnotherKeepsLocked() throws Exception {
    JdbcRecordStore store = bench.open();
    try (java.sql.Connection blocker =
            org.sqlite.JDBC.createConnection(
                "jdbc:sqlite:" + bench.file, new java.util.Properties());
        java.sql.Statement statement = blocker.createStatement()) {
      statement.execute("BEGIN IMMEDIATE");
      assertThatThrownBy(() -> Bench.write(store, "a", 0, "x"))
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining("locked by another process")
          .hasMessageEndingWith("continue or end it");
      statement.execute("ROLLBACK");
    }
    assertThat(Bench.write(store, "a", 0, "x").written()).isTrue();
  }

  @Test
  void aPathThatAnotherClassLoaderHasOpen() {
    String claim = "io.holdfast.jdbc.open:" + bench.file;
    System.setProperty(claim, "another");
    try {
      assertRefused(bench.file).hasMessageContaining("another class loader");
    } finally {
      System.clearProperty(claim);
    }
    bench.open();
  }

  @Test
  void directoriesAreMadeWhereTheyAreMissing() {
    Path deep = directory.resolve("a/b/locks.db");
    FileEngine.open(deep, Bench.SPACE, bench.environment).close();
    assertThat(deep).exists();
  }
}
