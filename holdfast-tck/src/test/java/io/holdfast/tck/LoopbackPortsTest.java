package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class LoopbackPortsTest {

  private static final int COUNT = 100;

  @Test
  void aPortAndItsPartnerAreFreeAndBelowThoseOfOutgoingConnections() {
    int port = LoopbackPorts.free();
    for (int each : List.of(port, port + LoopbackPorts.PARTNER)) {
      assertThat(each).isBetween(10_000, 30_000);
      // A process that another test is starting holds what this JVM had open, the socket of the
      // look at this port too, until its program runs.
      assertThat(Pace.within(Duration.ofSeconds(10)).await(() -> canBeListenedOn(each)))
          .as("port %s can be listened on", each)
          .isTrue();
    }
  }

  private static boolean canBeListenedOn(int port) {
    try (ServerSocket server = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return server.isBound();
    } catch (IOException taken) {
      return false;
    }
  }

  @Test
  void noPortIsGivenTwiceByAnyProcess() throws Exception {
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      processes.add(
          new ProcessBuilder(ChildProcess.java(Taker.class.getName()))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    }
    Set<Integer> taken = new HashSet<>();
    for (int i = 0; i < COUNT; i++) {
      assertThat(taken.add(LoopbackPorts.free())).isTrue();
    }
    for (Process process : processes) {
      BufferedReader lines = process.inputReader();
      for (int i = 0; i < COUNT; i++) {
        assertThat(taken.add(Integer.parseInt(lines.readLine()))).isTrue();
      }
    }
    for (Process process : processes) {
      process.getOutputStream().close();
      assertThat(process.waitFor()).isZero();
    }
  }

  /** Takes ports, and keeps them until its input ends. */
  static final class Taker {
    public static void main(String[] arguments) throws IOException {
      for (int i = 0; i < COUNT; i++) {
        System.out.println(LoopbackPorts.free());
      }
      System.in.read();
    }
  }
}
