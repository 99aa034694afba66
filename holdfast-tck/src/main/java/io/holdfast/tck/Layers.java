package io.holdfast.tck;

/**
 * The JUnit tags by which a build chooses tests. A test without one of them runs in every build;
 * the kits carry theirs, and whoever extends a kit inherits it.
 *
 * <p>{@link #FAULTS}, {@link #PROCESSES}, {@link #PLANTED}, {@link #INSTALLED} and {@link #CLUSTER}
 * are left out of a default build and run in a full one. {@link #LONG} runs when asked for.
 */
public final class Layers {

  /** Servers and networks that fail: {@link ServerKit}. */
  public static final String FAULTS = "faults";

  /** Many JVMs, which are killed and stopped: {@link ProcessKit}. */
  public static final String PROCESSES = "processes";

  /** Kits that run on something broken, and must notice. */
  public static final String PLANTED = "planted";

  /** Needs a program that comes with no Java library: a package of the operating system. */
  public static final String INSTALLED = "installed";

  /** Several servers that work together. */
  public static final String CLUSTER = "cluster";

  /** Full sizes that take an hour or so. */
  public static final String LONG = "long";

  /**
   * Proves the node rather than its engine: only a long build runs it on every engine. A test class
   * of an engine carries a tag with the engine's name, too.
   */
  public static final String NODE = "node";

  private Layers() {}
}
