package io.holdfast.node;

import io.holdfast.Loss;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The last losses of a lock by token and by owner, so that a late question gets its cause. Guarded
 * by the lock.
 */
final class Losses {

  private static final int REMEMBERED = 64;

  /** Made with the first loss: most locks have none. */
  private @Nullable Map<Object, Loss> known;

  void remember(Object owner, Loss loss) {
    if (known == null) {
      known = new BoundedMap();
    }
    known.put(loss.token(), loss);
    known.put(owner, loss);
  }

  @Nullable Loss of(long token) {
    return known == null ? null : known.get(token);
  }

  /** What an owner lost last; asked once. */
  @Nullable Loss forget(Object owner) {
    return known == null ? null : known.remove(owner);
  }

  private static final class BoundedMap extends LinkedHashMap<Object, Loss> {
    private static final long serialVersionUID = 1L;

    @Override
    protected boolean removeEldestEntry(Map.Entry<Object, Loss> eldest) {
      return size() > REMEMBERED;
    }
  }
}
