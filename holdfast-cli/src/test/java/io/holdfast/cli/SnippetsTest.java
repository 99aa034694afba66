package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What README and the pages of docs show must compile. */
class SnippetsTest {

  private static final Pattern SNIPPET = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

  @TempDir Path classes;

  private static List<Path> pages() throws IOException {
    try (Stream<Path> docs = Files.list(Path.of("..", "docs"))) {
      return Stream.concat(
              Stream.of(Path.of("..", "README.md")),
              docs.filter(page -> page.toString().endsWith(".md")))
          .sorted()
          .toList();
    }
  }

  @Test
  void allOfThemCompile() throws Exception {
    List<String> with = new ArrayList<>();
    for (Path page : pages()) {
      Matcher snippets = SNIPPET.matcher(Files.readString(page));
      while (snippets.find()) {
        assertThat(compile(snippets.group(1))).as(page + ": " + snippets.group(1)).isEmpty();
        with.add(page.getFileName().toString());
      }
    }
    assertThat(with).contains("README.md", "databases.md", "deadlocks.md");
  }

  @Test
  void aSnippetThatDoesNotCompileIsSeen() {
    assertThat(compile("Hold hold = locks.lockk(\"x\");")).contains("cannot find symbol");
  }

  private String compile(String snippet) {
    String source =
        """
        import io.holdfast.*;
        import io.holdfast.engine.*;
        import io.holdfast.jdbc.*;
        import java.sql.*;
        import java.time.Duration;
        import java.util.*;
        class Snippet {
          interface Ledger { void append(List<String> entries, long token); }
          Holdfast locks;
          Hold hold;
          Connection connection;
          javax.sql.DataSource dataSource;
          long balance;
          long id;
          long token;
          void transfer(long from, long to) {}
          void run(Ledger ledger, List<String> entries) throws Exception {
            %s
          }
        }
        """
            .formatted(snippet);
    JavaFileObject file =
        new SimpleJavaFileObject(URI.create("string:///Snippet.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter errors = new StringWriter();
    List<String> options = List.of("-proc:none", "-d", classes.toString(), "-cp", classPath());
    compiler.getTask(errors, null, null, options, null, List.of(file)).call();
    return errors.toString();
  }

  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }
}
