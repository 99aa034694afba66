package io.holdfast.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineProvider;
import io.holdfast.engine.Environment;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileLocationTest {

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "file:locks.db, locks.db",
    "file:dir/locks.db, dir/locks.db",
    "file:/abs/locks.db, /abs/locks.db",
    "file:///abs/locks.db, /abs/locks.db",
    "file:/a%20b/locks.db, /a b/locks.db",
    "file:a%20b.db, a b.db",
    "FILE:locks.db, locks.db"
  })
  void readsUris(URI uri, Path path) {
    assertThat(FileLocation.parse(uri)).isEqualTo(path);
  }

  @Test
  void readsTheHomeDirectory() {
    assertThat(FileLocation.parse(URI.create("file:~/x/locks.db")))
        .isEqualTo(Path.of(System.getProperty("user.home"), "x", "locks.db"));
    assertThat(FileLocation.parse(URI.create("file:/~/locks.db")))
        .isEqualTo(Path.of("/~/locks.db"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file:///",
        "file:/",
        "file:dir/",
        "file://host/locks.db",
        "file:locks.db?ttl=3",
        "file:/locks.db?ttl=3",
        "file:/locks.db#x",
        "file:locks.db#x",
        "file:/locks%3F.db",
        "file:/locks%00.db"
      })
  void refusesMalformedUrisAndShowsRightOnes(URI uri) {
    assertThatThrownBy(() -> FileLocation.parse(uri))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(uri.toString())
        .hasMessageEndingWith("write file:locks.db, file:/var/lib/app/locks.db or file:~/locks.db");
  }

  @ParameterizedTest
  @ValueSource(strings = {"nfs", "nfs4", "cifs", "smb3", "SMB", "9p", "fuse.sshfs", "ceph"})
  void knowsNetworkFileSystems(String type) {
    assertThat(FileLocation.networkType(type)).contains(type);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ext4", "xfs", "btrfs", "tmpfs", "overlay", "apfs", "NTFS", "zfs"})
  void knowsLocalFileSystems(String type) {
    assertThat(FileLocation.networkType(type)).isEmpty();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void directoriesBelowHomeAreTheOwnersAlone() throws Exception {
    String home = System.getProperty("user.home");
    System.setProperty("user.home", directory.toString());
    try {
      FileLocation.prepare(directory.resolve("a/b/locks.db"));
    } finally {
      System.setProperty("user.home", home);
    }
    for (String made : new String[] {"a", "a/b"}) {
      assertThat(Files.getPosixFilePermissions(directory.resolve(made)))
          .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void allWhoMeanTheSameFileGetTheSamePath() throws Exception {
    Path real = FileLocation.prepare(directory.resolve("locks.db"));
    Path link = Files.createSymbolicLink(directory.resolve("link.db"), real);
    Path up = directory.resolve("x/../locks.db");
    assertThat(FileLocation.prepare(link)).isEqualTo(real);
    assertThat(FileLocation.prepare(up)).isEqualTo(real);
  }

  @Test
  void theProviderIsFoundAndOpens() {
    EngineProvider provider =
        ServiceLoader.load(EngineProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(found -> found.schemes().contains("file"))
            .findFirst()
            .orElseThrow();
    Environment environment = Environment.system("provider");
    URI uri = directory.resolve("locks.db").toUri();
    try (Engine engine = provider.open(uri, "test", environment)) {
      assertThat(engine.description().type()).isEqualTo("file");
    } finally {
      environment.scheduler().close();
    }
  }
}
