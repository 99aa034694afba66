package io.holdfast.engine;

/** Every wake-up is lost. */
final class Deaf implements FaultyRecordStore.Faults {
  @Override
  public FaultyRecordStore.Fate next(String call) {
    return FaultyRecordStore.Fate.WELL;
  }

  @Override
  public int wakes() {
    return 0;
  }
}
