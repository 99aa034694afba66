package io.holdfast.tck;

/** The scenarios on locks in memory. */
class MemoryLockKitTest extends LockKit {

  @Override
  protected String engineUri() {
    return "memory:kit";
  }
}
