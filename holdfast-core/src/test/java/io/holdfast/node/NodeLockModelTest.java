package io.holdfast.node;

import io.holdfast.LockOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** {@link NodeLock}: one grant for all, overtaking, hand-off, retention. */
@Isolated("Lincheck instruments what all tests use")
public class NodeLockModelTest extends LocalLockModel {

  public NodeLockModelTest() {
    super(LockOptions.DEFAULT);
  }

  @Test
  void survivesChosenSchedules() {
    Models.checking(Unseen.class, 1).check(NodeLockModelTest.class);
  }

  @Test
  void survivesManySchedules() {
    Models.stressing(Unseen.class).check(NodeLockModelTest.class);
  }
}
