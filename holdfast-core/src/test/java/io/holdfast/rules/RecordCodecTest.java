package io.holdfast.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** The binary form of records. Round trips of all kinds of records are in the rules' properties. */
class RecordCodecTest {

  private static final LockRecord HELD =
      new LockRecord(
          LockKind.MUTEX,
          List.of(new Grant(new RequestId(300, 2), Mode.EXCLUSIVE, 9_000, "worker-1", true, 5)),
          List.of(new Waiter(new RequestId(7, 1), Mode.EXCLUSIVE, "é\ud800", false, true, -5)));

  @Provide
  Arbitrary<RandomLock.Script> scripts() {
    return RandomLock.scripts();
  }

  /** What stores hold must stay readable: a failure here means that the format version changes. */
  @Test
  void theFormatIsStable() {
    LockRecord record = new LockRecord(LockKind.MUTEX, HELD.grants(), List.of());
    assertThat(RecordCodec.encode(record))
        .inHexadecimal()
        .containsExactly(
            0x01, 0x00, 0x01, 0x04, 0xAC, 0x02, 0x02, 0xA8, 0x46, 0x08, 0x77, 0x6F, 0x72, 0x6B,
            0x65, 0x72, 0x2D, 0x31, 0x0A, 0x00);
  }

  @Test
  void anyOwnerLabelAndAnyTimeSurvive() {
    assertThat(RecordCodec.decode(RecordCodec.encode(HELD), 1)).isEqualTo(HELD);
  }

  @Test
  void anUnresolvedIdIsTheVersionOfTheWrite() {
    LockRecord made =
        new LockRecord(
            LockKind.READ_WRITE,
            List.of(
                new Grant(new RequestId(1, 1), Mode.SHARED, Grant.UNRESOLVED, "o", true, 0),
                new Grant(new RequestId(2, 1), Mode.SHARED, 8, "o", true, 0)),
            List.of());
    assertThat(RecordCodec.decode(RecordCodec.encode(made), 77))
        .isEqualTo(made.resolved(77))
        .extracting(record -> record.grants().get(0).id())
        .isEqualTo(77L);
  }

  @Test
  void aWriteHasAPositiveVersion() {
    byte[] bytes = RecordCodec.encode(HELD);
    assertThatThrownBy(() -> RecordCodec.decode(bytes, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aNewerFormatSaysWhatToDo() {
    byte[] bytes = RecordCodec.encode(HELD);
    bytes[0] = 9;
    assertThatThrownBy(() -> RecordCodec.decode(bytes, 1))
        .isInstanceOf(UnknownFormatException.class)
        .hasMessageContaining("format version 9")
        .hasMessageContaining("understands version 1")
        .hasMessageContaining("newest version of Holdfast");
  }

  @Test
  void nothingIsNoRecord() {
    assertThatThrownBy(() -> RecordCodec.decode(new byte[0], 1))
        .isInstanceOf(UnknownFormatException.class)
        .hasMessageContaining("ends too early");
  }

  @Test
  void aHugeCountIsNotBelieved() {
    byte[] bytes = {1, 0, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, 7};
    assertThatThrownBy(() -> RecordCodec.decode(bytes, 1))
        .isInstanceOf(UnknownFormatException.class);
  }

  @Property
  void arbitraryBytesAreRefusedOrUnderstood(@ForAll @Size(max = 200) byte[] bytes) {
    decodeOrRefuse(bytes);
  }

  @Property
  void damagedRecordsAreRefusedOrUnderstood(
      @ForAll("scripts") RandomLock.Script script,
      @ForAll int place,
      @ForAll byte wrong,
      @ForAll @IntRange(max = 3) int lost) {
    RandomLock.play(
        script,
        (kind, step) -> {
          if (step.made().record() != null) {
            byte[] bytes = RecordCodec.encode(step.made().record());
            bytes[Math.floorMod(place, bytes.length)] = wrong;
            decodeOrRefuse(bytes);
            decodeOrRefuse(Arrays.copyOf(bytes, bytes.length - lost));
            decodeOrRefuse(Arrays.copyOf(bytes, bytes.length + lost));
          }
        });
  }

  /** Whatever is understood can be written and read again; everything else is one exception. */
  private static void decodeOrRefuse(byte[] bytes) {
    LockRecord record;
    try {
      record = RecordCodec.decode(bytes, 5);
    } catch (UnknownFormatException refused) {
      assertThat(refused).hasMessageContaining("found");
      return;
    }
    assertThat(RecordCodec.decode(RecordCodec.encode(record), 5)).isEqualTo(record);
  }
}
