package io.holdfast.node;

import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jetbrains.lincheck.datastructures.BooleanGen;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * {@link OwnedWord} as {@link NodeLock} uses it: first fast, else under a guard. Lincheck draws
 * scenarios, runs each under many schedules, and compares with {@link SequentialWord}.
 *
 * <p>The specification runs on one thread, so a thread's own operations say whose they are.
 */
@Isolated("Lincheck instruments what all tests use")
@Param(name = "flag", gen = IntGen.class, conf = "0:5")
@Param(name = "thread", gen = ThreadIdGen.class)
@Param(name = "on", gen = BooleanGen.class)
public class OwnedWordModelTest {

  private static final Object ASYNC = "no thread";

  private static final List<Long> FLAGS =
      List.of(Word.REVOKED, Word.WAITERS, Word.WOKEN, Word.HANDOFF, Word.READERS, Word.ATTENDED);

  private final ReentrantLock guard = new ReentrantLock();
  private final OwnedWord word = new OwnedWord();
  private final Object[] owners = {ASYNC, ASYNC, ASYNC};
  private final long[] tokens = new long[owners.length];
  private long grants;

  public OwnedWordModelTest() {
    open();
  }

  @Test
  void isLinearizable() {
    new ModelCheckingOptions()
        .sequentialSpecification(SequentialWord.class)
        .threads(2)
        .actorsBefore(0)
        .actorsPerThread(4)
        .actorsAfter(0)
        .iterations(20)
        .invocationsPerIteration(Models.size(400, 150))
        .check(OwnedWordModelTest.class);
  }

  @Operation
  public long open() {
    return guarded(
        () -> {
          if (word.has(Word.GRANTED)) {
            return 0L;
          }
          word.open(++grants, false);
          return grants;
        });
  }

  @Operation
  public boolean close() {
    return guarded(word::close);
  }

  @Operation
  public boolean admitReaders() {
    return guarded(word::admitReaders);
  }

  @Operation
  public void set(@Param(name = "flag") int flag, @Param(name = "on") boolean on) {
    word.set(FLAGS.get(flag), on);
  }

  @Operation
  public boolean has(@Param(name = "flag") int flag) {
    return word.has(FLAGS.get(flag));
  }

  @Operation
  public boolean isFree() {
    return word.isFree();
  }

  /** Who lost which token. */
  @Operation
  public String lose() {
    OwnedWord.Lost lost = guarded(word::lose);
    return lost == null ? "nobody" : List.of(owners).indexOf(lost.owner()) + ":" + lost.token();
  }

  @Operation
  public long acquire(@Param(name = "thread") int thread) {
    Thread owner = Thread.currentThread();
    owners[thread] = owner;
    long fast = word.enterFast(owner);
    long token = fast != LocalLock.NOT_GRANTED ? fast : guarded(() -> enter(owner));
    tokens[thread] = token != LocalLock.NOT_GRANTED ? token : tokens[thread];
    return token;
  }

  @Operation
  public boolean release(@Param(name = "thread") int thread) {
    long token = tokens[thread];
    return word.leaveFast(token) || guarded(() -> word.leave(token)) != OwnedWord.Left.NOT_HELD;
  }

  @Operation
  public long heldToken(@Param(name = "thread") int thread) {
    return word.heldTokenFast(Thread.currentThread());
  }

  @Operation
  public long acquireAsync() {
    return guarded(
        () -> {
          long token = enter(ASYNC);
          tokens[0] = token != LocalLock.NOT_GRANTED ? token : tokens[0];
          return token;
        });
  }

  @Operation
  public boolean releaseAsync() {
    return guarded(() -> word.leave(tokens[0])) != OwnedWord.Left.NOT_HELD;
  }

  private long enter(Object owner) {
    long again = word.reenter(owner);
    boolean closed = !word.has(Word.GRANTED) || word.has(Word.REVOKED);
    return again != LocalLock.NOT_GRANTED || closed ? again : word.take(owner, false, 0);
  }

  private <T> T guarded(Supplier<T> work) {
    guard.lock();
    try {
      return work.get();
    } finally {
      guard.unlock();
    }
  }
}
