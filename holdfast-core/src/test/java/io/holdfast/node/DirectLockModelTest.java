package io.holdfast.node;

import io.holdfast.LockOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** {@link DirectLock}: one grant for each, in the order of arrival. */
@Isolated("Lincheck instruments what all tests use")
public class DirectLockModelTest extends LocalLockModel {

  public DirectLockModelTest() {
    super(LockOptions.DEFAULT.fairness(LockOptions.Fairness.STRICT));
  }

  @Test
  void survivesChosenSchedules() {
    Models.checking(Unseen.class, 1).check(DirectLockModelTest.class);
  }

  @Test
  void survivesManySchedules() {
    Models.stressing(Unseen.class).check(DirectLockModelTest.class);
  }
}
