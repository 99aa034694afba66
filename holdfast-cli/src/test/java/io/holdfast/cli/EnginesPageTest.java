package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.Holdfast;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** docs/engines.md promises what the engines promise: not less, and not more. */
class EnginesPageTest {

  private static final Path PAGE = Path.of("..", "docs", "engines.md");

  @TempDir Path directory;

  /** The list below "What it promises:" in the section of an engine. */
  private static List<String> promises(String engine) throws Exception {
    List<String> promises = new ArrayList<>();
    boolean section = false;
    boolean list = false;
    for (String line : Files.readAllLines(PAGE)) {
      if (line.startsWith("## ")) {
        section = line.equals("## " + engine);
      } else if (section && line.equals("What it promises:")) {
        list = true;
      } else if (section && list && line.startsWith("* ")) {
        promises.add(line.substring(2));
      } else if (section && list && line.startsWith("  ")) {
        promises.set(promises.size() - 1, promises.get(promises.size() - 1) + " " + line.strip());
      } else if (!line.isEmpty()) {
        list = false;
      }
    }
    return promises;
  }

  @Test
  void enginesThatNeedNoServer() throws Exception {
    try (Holdfast memory = Holdfast.connect("memory:");
        Holdfast file = Holdfast.connect(directory.resolve("locks.db").toUri().toString())) {
      assertThat(promises("memory"))
          .containsExactlyElementsOf(memory.inspector().engine().guarantees());
      assertThat(promises("file"))
          .containsExactlyElementsOf(file.inspector().engine().guarantees());
    }
  }

  /**
   * Their descriptions are to be had with a server only, so their words are read where they are.
   */
  @ParameterizedTest
  @CsvSource({
    "PostgreSQL, jdbc.PostgresDialect, GUARANTEES",
    "MariaDB and MySQL, jdbc.MariaDialect, GUARANTEES",
    "etcd, etcd.Guarantees, LINES",
    "ZooKeeper, zookeeper.ZooKeeperRecordStore, GUARANTEES"
  })
  void enginesOfServers(String engine, String type, String constant) throws Exception {
    Field field = Class.forName("io.holdfast." + type).getDeclaredField(constant);
    field.setAccessible(true);
    List<String> lines = new ArrayList<>();
    ((List<?>) field.get(null)).forEach(line -> lines.add((String) line));
    assertThat(promises(engine)).isNotEmpty().containsExactlyElementsOf(lines);
  }

  /** Redis promises other things with other options; the page's list is of those without any. */
  @Test
  void redis() throws Exception {
    Class<?> location = Class.forName("io.holdfast.redis.RedisLocation");
    Method parse = location.getDeclaredMethod("parse", URI.class);
    parse.setAccessible(true);
    Method of = Class.forName("io.holdfast.redis.RedisPromises").getDeclaredMethod("of", location);
    of.setAccessible(true);
    List<String> lines = new ArrayList<>();
    ((List<?>) of.invoke(null, parse.invoke(null, URI.create("redis://localhost"))))
        .forEach(line -> lines.add((String) line));
    assertThat(promises("Redis and Valkey")).isNotEmpty().containsExactlyElementsOf(lines);
  }
}
