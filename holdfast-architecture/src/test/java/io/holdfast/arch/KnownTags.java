package io.holdfast.arch;

import com.tngtech.archunit.core.domain.JavaAnnotation;
import com.tngtech.archunit.core.domain.JavaClass;
import io.holdfast.tck.Layers;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The tags by which a build chooses tests: layers and engines. */
final class KnownTags {

  private static final Set<String> ENGINES =
      Set.of(
          "memory",
          "store",
          "file",
          "postgresql",
          "pgbouncer",
          "mariadb",
          "redis",
          "etcd",
          "zookeeper");

  /** The constants of {@link Layers}, and the engines. */
  static final Set<String> ALL =
      Stream.concat(
              Arrays.stream(Layers.class.getFields()).map(KnownTags::valueOf), ENGINES.stream())
          .collect(Collectors.toUnmodifiableSet());

  private static final Pattern CHOICE =
      Pattern.compile("<(holdfast\\.test\\.(?:more|elsewhere|only|without))>([^<]*)</\\1>");

  /** What stands in a choice beside tags: properties, operators and parentheses. */
  private static final Pattern NO_TAG = Pattern.compile("\\$\\{[^}]*}|&amp;|[|!()\\s]+");

  private KnownTags() {}

  /** The tags in the properties of a POM that choose tests. */
  static Set<String> chosenBy(String pom) {
    return CHOICE
        .matcher(pom)
        .results()
        .map((MatchResult choice) -> choice.group(2))
        .flatMap(choice -> NO_TAG.splitAsStream(choice))
        .filter(tag -> !tag.isEmpty())
        .collect(Collectors.toSet());
  }

  /** The tags that a class and its methods carry themselves. */
  static Stream<String> carriedBy(JavaClass type) {
    return Stream.concat(
            type.getAnnotations().stream(),
            type.getMethods().stream().flatMap(method -> method.getAnnotations().stream()))
        .flatMap(KnownTags::in);
  }

  private static Stream<String> in(JavaAnnotation<?> annotation) {
    Object value = annotation.get("value").orElse("");
    return switch (annotation.getRawType().getName()) {
      case "org.junit.jupiter.api.Tag", "net.jqwik.api.Tag" -> Stream.of((String) value);
      case "org.junit.jupiter.api.Tags", "net.jqwik.api.TagList" ->
          Arrays.stream((JavaAnnotation<?>[]) value).flatMap(KnownTags::in);
      default -> Stream.empty();
    };
  }

  private static String valueOf(Field layer) {
    try {
      return (String) layer.get(null);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("a public constant cannot be read: " + layer, e);
    }
  }
}
