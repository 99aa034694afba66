package io.holdfast.cli;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Durations as people write them: {@code 500ms}, {@code 10s}, {@code 5m}, {@code 1h}, {@code 1d},
 * {@code PT1M30S}; a bare number counts seconds, as in sleep, timeout and flock.
 */
final class DurationText {

  private static final Pattern NUMBER_AND_UNIT =
      Pattern.compile("(\\d{1,12}(?:\\.\\d{1,9})?|\\.\\d{1,9})(ms|s|m|h|d)?");

  private DurationText() {}

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException if it is malformed or negative; the message says what to write
   */
  static Duration parse(String text) {
    Duration value = read(text.strip());
    if (value.isNegative()) {
      throw new IllegalArgumentException(
          "'" + text + "' is negative; give zero or more, for example 10s");
    }
    return value;
  }

  private static Duration read(String text) {
    Matcher matcher = NUMBER_AND_UNIT.matcher(text.toLowerCase(Locale.ROOT));
    if (matcher.matches()) {
      BigDecimal nanos =
          new BigDecimal(matcher.group(1)).multiply(BigDecimal.valueOf(nanos(matcher.group(2))));
      BigDecimal[] parts = nanos.divideAndRemainder(BigDecimal.valueOf(1_000_000_000));
      return Duration.ofSeconds(parts[0].longValueExact(), parts[1].longValue());
    }
    if (text.matches("-[\\d.]+(ms|s|m|h|d)?")) {
      return Duration.ofSeconds(-1);
    }
    try {
      return Duration.parse(text);
    } catch (DateTimeParseException malformed) {
      throw new IllegalArgumentException(
          "'" + text + "' is no duration; write for example 500ms, 10s, 5m, 1h or PT1M30S",
          malformed);
    }
  }

  private static long nanos(@Nullable String unit) {
    return switch (unit == null ? "s" : unit) {
      case "ms" -> 1_000_000L;
      case "m" -> 60_000_000_000L;
      case "h" -> 3_600_000_000_000L;
      case "d" -> 86_400_000_000_000L;
      default -> 1_000_000_000L;
    };
  }

  /** As people say it: {@code 340 ms}, {@code 12 s}, {@code 3 min 20 s}, {@code 2 h 5 min}. */
  static String of(Duration duration) {
    long millis = Math.max(0, duration.toMillis());
    long seconds = millis / 1000;
    if (millis < 1000) {
      return millis + " ms";
    }
    if (seconds < 10 && millis % 1000 >= 100) {
      return seconds + "." + millis % 1000 / 100 + " s";
    }
    if (seconds < 60) {
      return seconds + " s";
    }
    if (seconds < 3600) {
      return seconds / 60 + " min" + rest(seconds % 60, " s");
    }
    return seconds / 3600 + " h" + rest(seconds % 3600 / 60, " min");
  }

  private static String rest(long number, String unit) {
    return number == 0 ? "" : " " + number + unit;
  }
}
