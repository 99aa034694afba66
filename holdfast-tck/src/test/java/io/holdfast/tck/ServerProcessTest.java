package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

@Timeout(120)
class ServerProcessTest {

  private static ServerSettings echo() {
    return ServerProcess.main(EchoServer.class).arguments("{port}", "{directory}");
  }

  private static String ask(ServerProcess server) throws IOException {
    try (EchoClient client = new EchoClient(server.port())) {
      return client.ask("hello");
    }
  }

  @Test
  void startsAgainOnTheSamePortAfterAKill() throws IOException {
    try (ServerProcess server = echo().start()) {
      long first = server.pid();
      assertThat(ask(server)).isEqualTo("hello");
      assertThat(server.tail()).contains("starting with " + server.port(), "" + server.directory());

      server.kill();
      assertThat(server.isAlive()).isFalse();
      assertThat(ProcessHandle.of(first).isPresent()).isFalse();
      assertThatThrownBy(() -> ask(server)).isInstanceOf(IOException.class);

      server.start();
      assertThat(ask(server)).isEqualTo("hello");
      assertThat(server.pid()).isNotEqualTo(first);
      server.restart();
      assertThat(ask(server)).isEqualTo("hello");
    }
  }

  @Test
  void hangsWhilePaused() throws IOException {
    try (ServerProcess server = echo().start();
        EchoClient client = new EchoClient(server.port())) {
      server.pause();
      client.say("hello");
      assertThat(client.hearsNothing(Duration.ofMillis(300))).isTrue();
      server.resume();
      assertThat(client.hear()).isEqualTo("hello");
    }
  }

  @Test
  void stopsWhenAsked() {
    try (ServerProcess server = echo().start()) {
      server.stop();
      assertThat(server.isAlive()).isFalse();
      server.stop();
    }
  }

  @Test
  void saysWhyItDidNotStart() {
    assertThatThrownBy(() -> ServerProcess.main(EchoServer.class).arguments("no port").start())
        .isInstanceOf(AssertionError.class)
        .hasMessageContainingAll("has ended", "starting with no port", "NumberFormatException");
    assertThatThrownBy(() -> echo().patience(Duration.ofSeconds(3)).ready(server -> false).start())
        .isInstanceOf(AssertionError.class)
        .hasMessageContainingAll("is not ready (its probe says no)", "starting with");
    assertThatThrownBy(() -> echo().prepare("sh", "-c", "echo no disk; exit 3").start())
        .isInstanceOf(AssertionError.class)
        .hasMessageContainingAll("ended with 3", "no disk");
  }

  @Test
  void preparesOnceAndDeletesItsDirectory() throws IOException {
    ServerProcess server =
        echo()
            .prepare("sh", "-c", "echo $WHAT >> {directory}/prepared")
            .variable("WHAT", "it")
            .create();
    Path directory = server.directory();
    try (server) {
      Files.writeString(directory.resolve("settings"), "mine");
      server.start();
      server.restart();
      assertThat(directory.resolve("prepared")).content().isEqualTo("it\n");
    }
    assertThat(directory).doesNotExist();
  }

  @Test
  void killsChildrenToo() throws IOException {
    Path shell = ServerProcess.require("sh", "any POSIX system");
    String java = String.join(" ", ChildProcess.java(EchoServer.class.getName()));
    try (ServerProcess server =
        ServerProcess.program(shell).arguments("-c", java + " {port} & wait").start()) {
      ProcessHandle child =
          ProcessHandle.of(server.pid()).orElseThrow().descendants().toList().get(0);
      assertThat(ChildProcess.hasEnded(child)).isFalse();
      server.kill();
      assertThat(ChildProcess.hasEnded(child)).isTrue();
      server.start();
      assertThat(ask(server)).isEqualTo("hello");
    }
  }

  @Test
  void runsAsAnotherUser() throws Exception {
    assumeRoot();
    try (ServerProcess server =
        echo().user("nobody").prepare("sh", "-c", "id -un; touch {directory}/mine").create()) {
      server.start();
      assertThat(server.tail()).contains("nobody");
      assertThat(Files.getOwner(server.directory().resolve("mine")).getName()).isEqualTo("nobody");
    }
  }

  private static void assumeRoot() {
    assumeTrue(
        "root".equals(System.getProperty("user.name")),
        "only root can run a server as another user; run this test as root");
  }

  /** What CTRL-C in a build leaves behind must not hold the ports of the next one. */
  @Test
  void endsWithTheJvmThatStartedIt() throws Exception {
    Process jvm =
        new ProcessBuilder(ChildProcess.java(Starter.class.getName()))
            .redirectErrorStream(true)
            .start();
    try (var lines = jvm.inputReader()) {
      ProcessHandle server = ProcessHandle.of(Long.parseLong(lines.readLine())).orElseThrow();
      assertThat(server.isAlive()).isTrue();
      jvm.destroy();
      assertThat(jvm.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(ChildProcess.hasEnded(server)).isTrue();
    }
  }

  /** Starts a server and forgets it. */
  static final class Starter {
    public static void main(String[] arguments) throws IOException {
      System.out.println(echo().start().pid());
      System.in.read();
    }
  }

  @Test
  void findsTheHighestVersion(@TempDir Path directory) throws IOException {
    for (String version : new String[] {"9", "17", "13"}) {
      Path bin = Files.createDirectories(directory.resolve(version).resolve("bin"));
      Path program = Files.createFile(bin.resolve("holdfast-test-server"));
      assertThat(program.toFile().setExecutable(true)).isTrue();
    }
    assertThat(ServerProcess.find("holdfast-test-server", directory + "/*/bin"))
        .contains(directory.resolve("17/bin/holdfast-test-server"));
    assertThat(ServerProcess.find("holdfast-test-server", directory + "/none/*/bin")).isEmpty();
    assertThat(ServerProcess.find("sh")).isPresent();
  }

  @Test
  void skipsByNameWithoutAProgram() {
    assertThatThrownBy(() -> ServerProcess.require("no-such-server", "apt-get install -y it"))
        .isInstanceOf(TestAbortedException.class)
        .hasMessageContainingAll("no-such-server", "apt-get install -y it");
  }
}
