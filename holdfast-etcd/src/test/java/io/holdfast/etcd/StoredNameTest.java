package io.holdfast.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StoredNameTest {

  private static final int[] CHARACTERS = {
    1, 'a', 'z', 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0x10000, 0x1F600, 0x10FFFF
  };

  private static List<String> names() {
    Random random = new Random(5);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      StringBuilder name = new StringBuilder();
      for (int length = random.nextInt(5); length >= 0; length--) {
        name.appendCodePoint(CHARACTERS[random.nextInt(CHARACTERS.length)]);
      }
      names.add(name.toString());
    }
    return names;
  }

  @Test
  void theOrderOfBytesIsThatOfStrings() {
    List<String> names = names();
    for (String one : names) {
      for (String other : names) {
        int stored =
            ByteString.unsignedLexicographicalComparator()
                .compare(StoredName.of(one), StoredName.of(other));
        assertThat(Integer.signum(stored)).isEqualTo(Integer.signum(one.compareTo(other)));
      }
    }
  }

  @Test
  void whatIsStoredIsReadAgain() {
    for (String name : names()) {
      assertThat(StoredName.read(StoredName.of(name))).isEqualTo(name);
    }
    assertThat(StoredName.of("Zähler/7").toStringUtf8()).isEqualTo("Zähler/7");
  }

  @Test
  void theEndOfAPrefixIsAfterAllThatBeginWithIt() {
    ByteString prefix = ByteString.copyFrom(new byte[] {'a', (byte) 0xFF});
    assertThat(Keys.after(prefix)).isEqualTo(ByteString.copyFromUtf8("b"));
    assertThat(Keys.after(ByteString.copyFromUtf8("ab"))).isEqualTo(ByteString.copyFromUtf8("ac"));
    assertThat(Keys.after(ByteString.copyFrom(new byte[] {(byte) 0xFF})).size()).isEqualTo(1);
  }
}
