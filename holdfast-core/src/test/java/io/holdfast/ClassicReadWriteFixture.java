package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import org.junit.jupiter.api.AfterEach;

/** One read-write lock by its views as {@link ReadWriteLock} in two nodes, in either style. */
abstract class ClassicReadWriteFixture {

  static final Duration SHORT = Duration.ofMillis(60);

  final Nodes nodes = new Nodes();
  final Holdfast node = nodes.open("a");
  final Lock read;
  final Lock write;
  final Lock remoteRead;
  final Lock remoteWrite;

  ClassicReadWriteFixture(Style style) {
    ReadWriteLock local = node.readWriteLock("rw", style.options()).asReadWriteLock();
    Holdfast other = nodes.open("b");
    ReadWriteLock remote = other.readWriteLock("rw", style.options()).asReadWriteLock();
    read = local.readLock();
    write = local.writeLock();
    remoteRead = remote.readLock();
    remoteWrite = remote.writeLock();
  }

  @AfterEach
  void close() {
    nodes.close();
  }

  static boolean freeElsewhere(Lock side) {
    return Task.elsewhere(
        () -> {
          boolean got = side.tryLock();
          if (got) {
            side.unlock();
          }
          return got;
        });
  }

  static void use(Lock side) {
    side.lock();
    side.unlock();
  }

  static void assertNotMine(Lock side) {
    assertThatThrownBy(side::unlock).isExactlyInstanceOf(IllegalMonitorStateException.class);
  }

  void assertAllFree() {
    assertThat(freeElsewhere(write)).isTrue();
    assertThat(freeElsewhere(remoteWrite)).isTrue();
  }
}
