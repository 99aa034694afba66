package io.holdfast.bench;

import java.util.Map;

/**
 * One benchmark method as it is run.
 *
 * @param type the class of the benchmark
 * @param method its method
 * @param threads how many threads run it
 * @param parameters what is not as the class says
 */
record Subject(Class<?> type, String method, int threads, Map<String, String> parameters) {

  Subject(Class<?> type, String method, int threads) {
    this(type, method, threads, Map.of());
  }

  Subject(Class<?> type, String method) {
    this(type, method, 1);
  }

  Subject with(String parameter, long value) {
    return new Subject(type, method, threads, Map.of(parameter, Long.toString(value)));
  }

  /** For JMH: this method and no other. */
  String pattern() {
    return "^" + type.getName().replace(".", "\\.") + "\\." + method + "$";
  }

  @Override
  public String toString() {
    String name = type.getSimpleName().replace("Benchmark", "") + "." + method;
    return name + (threads > 1 ? ", " + threads + " threads" : "") + suffix();
  }

  private String suffix() {
    return parameters.isEmpty() ? "" : ", " + parameters;
  }
}
