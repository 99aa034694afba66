package io.holdfast.cli;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineProvider;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Finding;
import io.holdfast.engine.Finding.Level;
import io.holdfast.engine.MemoryEngineProvider;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Opens {@code examined:LEVEL,LEVEL}: locks in memory, of which an examination finds something at
 * these levels; {@code examined:HANGS} never answers one.
 */
public final class ExaminedEngineProvider implements EngineProvider {

  /** For {@link java.util.ServiceLoader}. */
  public ExaminedEngineProvider() {}

  @Override
  public Set<String> schemes() {
    return Set.of("examined");
  }

  @Override
  public Engine open(URI uri, String space, Environment environment) {
    String levels = uri.getSchemeSpecificPart();
    Engine memory = new MemoryEngineProvider().open(URI.create("memory:x"), space, environment);
    return (Engine)
        Proxy.newProxyInstance(
            Engine.class.getClassLoader(),
            new Class<?>[] {Engine.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("examine")) {
                return levels.equals("HANGS")
                    ? new CompletableFuture<>()
                    : CompletableFuture.completedFuture(findings(levels));
              }
              try {
                return method.invoke(memory, arguments);
              } catch (InvocationTargetException thrown) {
                throw thrown.getCause();
              }
            });
  }

  private static List<Finding> findings(String levels) {
    return Arrays.stream(levels.split(",", -1))
        .map(Level::valueOf)
        .map(each -> new Finding(each, each.name().toLowerCase(Locale.ROOT) + "-thing", "so it is"))
        .toList();
  }
}
