package io.holdfast.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;

class LocationTest {

  private static Location parse(String uri) {
    return Location.parse(URI.create(uri));
  }

  @Test
  void serversGetTheUsualPort() {
    assertThat(parse("zookeeper://zk1,zk2:2182").servers()).isEqualTo("zk1:2181,zk2:2182");
    assertThat(parse("zookeeper://[::1]").servers()).isEqualTo("[::1]:2181");
    assertThat(parse("zookeeper://[::1]:9").servers()).isEqualTo("[::1]:9");
  }

  @Test
  void pathIsTheChroot() {
    assertThat(parse("zookeeper://zk1").chroot()).isEmpty();
    assertThat(parse("zookeeper://zk1/").chroot()).isEmpty();
    assertThat(parse("zookeeper://zk1/a/b").chroot()).isEqualTo("/a/b");
  }

  @Test
  void credentialsMayHaveAnyCharacter() {
    Location location = parse("zookeeper://zk1/a?auth=digest:us+er:p%26%3Aw%3D%C3%A4");
    assertThat(location.authScheme()).contains("digest");
    assertThat(location.credentials()).contains("us+er:p&:w=ä");
  }

  @Test
  void tlsIsOffUnlessAskedFor() {
    assertThat(parse("zookeeper://zk1").tls()).isFalse();
    assertThat(parse("zookeeper://zk1?tls=false").tls()).isFalse();
    assertThat(parse("zookeeper://zk1?tls=true&trustStore=/etc/t.p12").tls()).isTrue();
    assertThat(parse("zookeeper://zk1?tls").tls()).isTrue();
  }

  @Test
  void whatCannotBeMeantIsRefusedWithAnExample() {
    for (String uri :
        List.of(
            "zookeeper:zk1",
            "zookeeper:///a",
            "zookeeper://zk1,",
            "zookeeper://zk1:x",
            "zookeeper://me:secret@zk1",
            "zookeeper://zk1/a/",
            "zookeeper://zk1/a//b",
            "zookeeper://zk1/a/../b",
            "zookeeper://zk1#secret",
            "zookeeper://zk1?secret=secret&auht=digest:me:secret",
            "zookeeper://zk1?auth=secret",
            "zookeeper://zk1?auth=digest:me:%secret",
            "zookeeper://zk1?tls=secret",
            "zookeeper://zk1?keyStore=/a&keyStorePassword=secret")) {
      URI parsed;
      try {
        parsed = URI.create(uri);
      } catch (IllegalArgumentException notEvenAUri) {
        continue;
      }
      assertThatThrownBy(() -> Location.parse(parsed))
          .as(uri)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("zookeeper://zk1:2181,zk2:2181")
          .hasMessageNotContaining("me:secret");
    }
  }

  @Test
  void textHasNoSecret() {
    assertThat(parse("zookeeper://zk1/a?auth=digest:me:secret"))
        .hasToString("zookeeper://zk1:2181/a");
  }
}
