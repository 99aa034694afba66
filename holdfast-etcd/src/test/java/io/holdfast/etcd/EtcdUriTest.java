package io.holdfast.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EtcdUriTest {

  private static EtcdOptions parse(String uri) {
    return EtcdOptions.parse(URI.create(uri));
  }

  @Test
  void severalHostsAndDefaultPorts() {
    assertThat(parse("etcd://one:1,two").endpoints()).containsExactly("one:1", "two:2379");
    assertThat(parse("etcd://[::1]:3").endpoints()).containsExactly("[::1]:3");
    assertThat(parse("etcd://one").tls()).isEmpty();
    assertThat(parse("etcd://one").root()).isEmpty();
    assertThat(parse("etcd://one/").root()).isEmpty();
    assertThat(parse("etcd://one/team/locks/").root()).isEqualTo("team/locks");
  }

  @Test
  void aLoginIsReadAndNeverShown() {
    EtcdOptions options = parse("etcd://me%40home:p%3Ass+w%40rd@one,two/x");
    EtcdOptions.Login login = options.login().orElseThrow();
    assertThat(login.user()).isEqualTo("me@home");
    assertThat(login.password()).isEqualTo("p:ss+w@rd");
    assertThat(options.location() + options + login).doesNotContain("p:ss").doesNotContain("%3A");
    assertThat(options.location()).isEqualTo("etcd://one:2379,two:2379/x");
  }

  @Test
  void encryption() {
    EtcdOptions.Tls tls =
        parse("etcds://one?ca=/a%20b.pem&cert=/c.pem&key=/k.pem&authority=x").tls().orElseThrow();
    assertThat(tls.authorities()).isEqualTo(Path.of("/a b.pem"));
    assertThat(tls.certificate()).isEqualTo(Path.of("/c.pem"));
    assertThat(tls.key()).isEqualTo(Path.of("/k.pem"));
    assertThat(tls.authority()).isEqualTo("x");
    assertThat(parse("etcds://one").tls()).contains(EtcdOptions.Tls.TRUSTED);
    assertThat(parse("etcd://one?tls=true").tls()).isPresent();
    assertThat(parse("etcd://one?tls=false").tls()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "etcd:one",
        "etcd:///root",
        "etcd://one,",
        "etcd://one:0",
        "etcd://one:65536",
        "etcd://one:x",
        "etcd://sEcret@one",
        "etcd://:sEcret@one",
        "etcd://me:@one",
        "etcd://one?password=sEcret",
        "etcd://one?ca=/a.pem",
        "etcds://one?cert=/c.pem",
        "etcds://one?tls=false",
        "etcd://one?tls=maybe",
      })
  void aWrongOneIsRefusedWithARightOneAndWithoutItsSecrets(String uri) {
    assertThatThrownBy(() -> parse(uri))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("etcd://host1:2379,host2:2379")
        .hasMessageNotContaining("sEcret");
  }
}
