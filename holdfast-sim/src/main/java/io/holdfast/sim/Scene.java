package io.holdfast.sim;

import static java.util.stream.Collectors.joining;

import java.util.EnumSet;
import java.util.Set;

/**
 * What is simulated, as far as it is not the seed that decides.
 *
 * @param theme what the users do
 * @param store how the store fails; unless it is {@link StoreProfile#ANY}, all locks are kept in
 *     one
 * @param faults what may go wrong
 */
public record Scene(Theme theme, StoreProfile store, Set<Fault> faults) {

  /** Every kind of lock and of engine, and all faults. */
  public static final Scene USUAL = of(Theme.USUAL);

  /** All faults and every kind of engine. */
  public static Scene of(Theme theme) {
    return new Scene(theme, StoreProfile.ANY, EnumSet.allOf(Fault.class));
  }

  /** The usual scene, on one kind of store. */
  public static Scene of(StoreProfile store) {
    return new Scene(Theme.USUAL, store, EnumSet.allOf(Fault.class));
  }

  /** The options of the command that stand for it. */
  String options() {
    String options = theme == Theme.USUAL ? "" : " --theme " + theme;
    options += store == StoreProfile.ANY ? "" : " --store " + store;
    return faults.size() == Fault.values().length
        ? options
        : options + faults.stream().map(Fault::name).collect(joining(",", " --faults ", ""));
  }
}
