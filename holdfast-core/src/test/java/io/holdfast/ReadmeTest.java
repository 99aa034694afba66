package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What README shows must compile. */
class ReadmeTest {

  private static final Pattern SNIPPET = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

  @TempDir Path classes;

  @Test
  void theSnippetsCompile() throws Exception {
    Matcher snippets = SNIPPET.matcher(Files.readString(Path.of("..", "README.md")));
    int found = 0;
    while (snippets.find()) {
      found++;
      assertThat(compile(snippets.group(1))).as(snippets.group(1)).isEmpty();
    }
    assertThat(found).isPositive();
  }

  @Test
  void aSnippetThatDoesNotCompileIsSeen() {
    assertThat(compile("Hold hold = locks.lockk(\"x\");")).contains("cannot find symbol");
  }

  private String compile(String snippet) {
    String source =
        """
        import io.holdfast.*;
        import java.time.Duration;
        import java.util.*;
        class Snippet {
          interface Ledger { void append(List<String> entries, long token); }
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
