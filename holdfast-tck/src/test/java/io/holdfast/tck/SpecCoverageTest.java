package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** SPEC.md and the engine kit name the same rules. */
class SpecCoverageTest {

  /** The last group that is about nothing but engines. */
  private static final int LAST_GROUP = 11;

  /** The group of waits begins with so many rules for engines. */
  private static final int WAITS = 14;

  private static final int LAST_OF_WAITS = 4;

  /** A rule up to the next one, the next heading, or the end. */
  private static final Pattern RULE =
      Pattern.compile("(?ms)^\\* \\*\\*(\\d+)\\.(\\d+)\\*\\*(.*?)(?=^\\* \\*\\*|^## |\\z)");

  private static final Pattern TEST = Pattern.compile("r(\\d+)_(\\d+)_.*");

  @Test
  void everyRuleForEnginesIsTestedAndEveryTestHasARule() throws IOException {
    Set<String> here = new TreeSet<>();
    Set<String> elsewhere = new TreeSet<>();
    for (MatchResult rule : rules()) {
      int group = Integer.parseInt(rule.group(1));
      boolean aboutWaits = group == WAITS && Integer.parseInt(rule.group(2)) <= LAST_OF_WAITS;
      if (group <= LAST_GROUP || aboutWaits) {
        boolean kit = !rule.group(3).contains("(Tested ");
        (kit ? here : elsewhere).add(rule.group(1) + "." + rule.group(2));
      }
    }
    assertThat(testedRules()).containsExactlyInAnyOrderElementsOf(here);
    assertThat(elsewhere).isNotEmpty();
  }

  @Test
  void numbersAreGivenOnce() throws IOException {
    assertThat(rules().stream().map(rule -> rule.group(1) + "." + rule.group(2)))
        .doesNotHaveDuplicates();
  }

  private static Set<MatchResult> rules() throws IOException {
    String spec = Files.readString(Path.of("..", "SPEC.md"));
    return RULE.matcher(spec).results().collect(Collectors.toSet());
  }

  private static Set<String> testedRules() {
    return Arrays.stream(EngineKit.class.getMethods())
        .filter(method -> method.isAnnotationPresent(Test.class))
        .map(Method::getName)
        .flatMap(name -> TEST.matcher(name).results())
        .map(test -> test.group(1) + "." + test.group(2))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
