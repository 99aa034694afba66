package io.holdfast.cli;

import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.Consumer;

/** The signals that ask a process to end or to do something, as far as a JVM can hear them. */
final class Signals {

  // sun.misc.Signal is the only way to learn which signal came: a shutdown hook does not, and by
  // then Holdfast could not wait for the child before it gives the lock back. It is reached by
  // reflection because javac warns of it in a way that cannot be suppressed. It belongs to
  // jdk.unsupported, which every JDK has.
  //
  // A signal that was ignored when the process started (nohup) stays ignored: HotSpot leaves it.
  // SIGQUIT is HotSpot's own (thread dump), and SIGUSR2 may be.

  private static final List<String> HEARD = List.of("HUP", "INT", "TERM", "USR1", "USR2");

  private Signals() {}

  /** From now on, signals go to a listener and have no other effect. */
  static void listen(Consumer<String> listener) {
    HEARD.forEach(name -> listen(name, listener));
  }

  private static void listen(String name, Consumer<String> listener) {
    try {
      install(name, listener);
    } catch (ReflectiveOperationException taken) {
      // The JVM keeps this one for itself, or the platform does not have it: it does there what it
      // always did.
    }
  }

  private static void install(String name, Consumer<String> listener)
      throws ReflectiveOperationException {
    Class<?> signal = Class.forName("sun.misc.Signal");
    Class<?> handler = Class.forName("sun.misc.SignalHandler");
    Object proxy =
        Proxy.newProxyInstance(
            handler.getClassLoader(),
            new Class<?>[] {handler},
            (self, method, arguments) ->
                switch (method.getName()) {
                  case "handle" -> {
                    listener.accept(name);
                    yield null;
                  }
                  case "equals" -> self == arguments[0];
                  case "hashCode" -> System.identityHashCode(self);
                  default -> "listener to SIG" + name;
                });
    signal
        .getMethod("handle", signal, handler)
        .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
  }

  /** The exit code of a process that a signal ended; those without a fixed number as SIGTERM. */
  static int exitCode(String name) {
    return ExitCodes.SIGNALLED
        + switch (name) {
          case "HUP" -> 1;
          case "INT" -> 2;
          default -> 15;
        };
  }
}
