package io.holdfast.bench;

import java.util.List;
import java.util.Locale;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What several rounds gave. The median is judged; least and most show how far to trust it.
 *
 * @param median the middle one, or the mean of both middle ones
 * @param least the smallest
 * @param most the largest
 */
record Spread(double median, double least, double most) {

  static Spread of(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int last = sorted.length - 1;
    double median = (sorted[last / 2] + sorted[(last + 1) / 2]) / 2;
    return new Spread(median, sorted[0], sorted[last]);
  }

  static Spread over(int rounds, IntToDoubleFunction ofRound) {
    return of(IntStream.range(0, rounds).mapToDouble(ofRound).boxed().toList());
  }

  /** For people: the median, and the range if there is one. */
  String text(String unit) {
    String range = least == most ? "" : " (" + digits(least) + "–" + digits(most) + ")";
    return digits(median) + unit + range;
  }

  private static String digits(double value) {
    double size = Math.abs(value);
    String format = size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }
}
