package io.holdfast.tck;

/** The scenarios on an engine made of compare-and-set. */
class StoreLockKitTest extends LockKit {

  @Override
  protected String engineUri() {
    return "heap:kit";
  }

  @Override
  protected int scaled(int full) {
    return Math.max(8, full / 4);
  }
}
