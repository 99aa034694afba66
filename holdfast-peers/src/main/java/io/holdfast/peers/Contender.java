package io.holdfast.peers;

/** A lock library that is connected to a server. Thread-safe. */
interface Contender extends AutoCloseable {

  /** Gives a lock back. */
  @FunctionalInterface
  interface Taken {

    /** Gives it back, by the thread that took it. */
    void release() throws Exception;
  }

  /** Waits for a lock and takes it. */
  Taken take(String name) throws Exception;

  @Override
  void close();
}
