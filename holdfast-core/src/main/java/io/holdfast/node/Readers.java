package io.holdfast.node;

import io.holdfast.Loss;
import io.holdfast.engine.Environment.Cancellable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The shared holds of a node in one lock, by owner. Guarded by that lock. */
final class Readers {

  /** One owner's shared hold. */
  static final class Reader {
    final long token;
    final @Nullable Cancellable limit;
    @Nullable List<Consumer<Loss>> listeners;
    private int count = 1;

    private Reader(long token, @Nullable Cancellable limit) {
      this.token = token;
      this.limit = limit;
    }
  }

  /** In order of arrival. Made when the first reader comes: most locks have none. */
  private @Nullable Map<Object, Reader> byOwner;

  boolean isEmpty() {
    return byOwner == null || byOwner.isEmpty();
  }

  void forEach(BiConsumer<Object, Reader> each) {
    if (byOwner != null) {
      byOwner.forEach(each);
    }
  }

  boolean has(Object owner) {
    return find(owner) != null;
  }

  boolean isOnly(Object owner) {
    return byOwner != null && byOwner.size() == 1 && has(owner);
  }

  int count(Object owner) {
    Reader reader = find(owner);
    return reader == null ? 0 : reader.count;
  }

  /** The token of an owner's hold, or {@link LocalLock#NOT_GRANTED}. */
  long token(Object owner) {
    Reader reader = find(owner);
    return reader == null ? LocalLock.NOT_GRANTED : reader.token;
  }

  private @Nullable Reader find(Object owner) {
    return byOwner == null ? null : byOwner.get(owner);
  }

  /** Enters once more if the owner is inside. */
  @Nullable Reader enterAgain(Object owner) {
    Reader reader = find(owner);
    if (reader != null) {
      if (reader.count == Integer.MAX_VALUE) {
        throw new Error("Maximum lock count exceeded");
      }
      reader.count++;
    }
    return reader;
  }

  void add(Object owner, long token, @Nullable Cancellable limit) {
    if (byOwner == null) {
      byOwner = new LinkedHashMap<>();
    }
    byOwner.put(owner, new Reader(token, limit));
  }

  /** Leaves once; false if the owner is not inside with this token. */
  boolean leave(Object owner, long token) {
    Reader reader = find(owner);
    if (reader == null || reader.token != token) {
      return false;
    }
    if (--reader.count == 0) {
      remove(owner);
    }
    return true;
  }

  void addListener(Object owner, Consumer<Loss> listener) {
    Reader reader = find(owner);
    if (reader != null) {
      if (reader.listeners == null) {
        reader.listeners = new ArrayList<>(1);
      }
      reader.listeners.add(listener);
    }
  }

  @Nullable Reader remove(Object owner) {
    Reader reader = byOwner == null ? null : byOwner.remove(owner);
    if (reader != null && reader.limit != null) {
      reader.limit.cancel();
    }
    return reader;
  }

  void removeAll(BiConsumer<Object, Reader> each) {
    if (byOwner != null) {
      for (Object owner : List.copyOf(byOwner.keySet())) {
        Reader reader = remove(owner);
        if (reader != null) {
          each.accept(owner, reader);
        }
      }
    }
  }
}
