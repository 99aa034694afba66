package io.holdfast.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.List;
import org.apache.zookeeper.common.PathUtils;
import org.junit.jupiter.api.Test;

class NodeNameTest {

  private static final List<String> NAMES =
      List.of(
          "orders/42",
          "/",
          "//",
          ".",
          "..",
          "...",
          "a.b",
          "%2F",
          "%",
          "a%",
          "100%25",
          " ",
          "a ",
          "\u0000",
          "\u001f\u007f\u009f",
          "\uffff\ufffe",
          "\ue000",
          "größe",
          "gro\u0308ße",
          "\ud83d\ude00",
          "zookeeper",
          "a*b?c[d]",
          "x".repeat(512));

  @Test
  void everyNameComesBack() {
    for (String name : NAMES) {
      assertThat(NodeName.read(NodeName.of(name))).as(name).contains(name);
    }
  }

  @Test
  void everyNameIsALegalNode() {
    for (String name : NAMES) {
      String node = NodeName.of(name);
      assertThat(node).doesNotContain("/");
      assertThatCode(() -> PathUtils.validatePath("/records/" + node)).doesNotThrowAnyException();
    }
  }

  @Test
  void differentNamesAreDifferentNodes() {
    assertThat(NAMES.stream().map(NodeName::of).distinct()).hasSize(NAMES.size());
  }

  @Test
  void plainNamesStayReadable() {
    assertThat(NodeName.of("ledger.2026-11_a")).isEqualTo("ledger.2026-11_a");
  }

  @Test
  void foreignNodesAreNoNames() {
    for (String foreign : List.of("%", "%2", "%zz", "%2f", "%61", "a/b", "%C3", "ü")) {
      assertThat(NodeName.read(foreign)).as(foreign).isEmpty();
    }
  }
}
