package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The quick reading of {@code run}'s command line says what picocli's says, or nothing. */
class RunArgumentsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nightly -- ./backup.sh",
        "nightly -- cmd --wait 5 -n @file -- x",
        "-n nightly -- cmd",
        "--no-wait nightly --json -- cmd",
        "--wait 10s nightly -- cmd",
        "nightly --wait=500ms -- cmd",
        "-w 3 -E 9 -k 2s -s -q nightly -- cmd",
        "--ttl 5s --max-hold 1h --kill-after 0 --write -v nightly -- cmd",
        "--semaphore 4 --permits=2 --label backup --engine memory: --space s nightly -- cmd",
        "--conflict-exit-code 17 --read --quiet nightly -- cmd",
        "-x --nonblock nightly -- cmd",
        "--label= nightly -- cmd"
      })
  void readsTheUsualLinesAsPicocliDoes(String line) {
    List<String> arguments = List.of(line.split(" "));

    RunCommand quick = RunArguments.parse(arguments).orElseThrow();

    assertThat(quick).usingRecursiveComparison().isEqualTo(byPicocli(arguments));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "--help",
        "--help -- x",
        "nightly",
        "nightly --",
        "-- cmd",
        "nightly cmd -- x",
        "--wait -- cmd",
        "--wait x nightly -- cmd",
        "--wait -1 nightly -- cmd",
        "--wait=-1 nightly -- cmd",
        "--wait 1 --wait 2 nightly -- cmd",
        "-w 1 --wait 2 nightly -- cmd",
        "-n --no-wait nightly -- cmd",
        "--semaphore four nightly -- cmd",
        "--no-wait=true nightly -- cmd",
        "--unknown nightly -- cmd",
        "-ns nightly -- cmd",
        "-w5 nightly -- cmd",
        "--label -x nightly -- cmd"
      })
  void leavesAllElseToPicocli(String line) {
    assertThat(RunArguments.parse(List.of(line.split(" ")))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-n --no-wait nightly -- cmd",
        "-w 1 --wait 2 nightly -- cmd",
        "--label -x nightly -- cmd"
      })
  void whatIsDoubtfulPicocliRefuses(String line) {
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> byPicocli(List.of(line.split(" "))))
        .isInstanceOf(ParameterException.class);
  }

  @Test
  void knowsEveryOptionOfRun() {
    CommandLine line = new CommandLine(new RunCommand());
    for (CommandLine.Model.OptionSpec option : line.getCommandSpec().options()) {
      if (option.usageHelp() || option.versionHelp()) {
        continue;
      }
      for (String name : option.names()) {
        RunCommand run = new RunCommand();
        boolean known = option.arity().max() == 0 ? run.set(name) : run.set(name, "3");
        assertThat(known).as(name).isTrue();
      }
    }
  }

  private static RunCommand byPicocli(List<String> arguments) {
    RunCommand run = new RunCommand();
    new CommandLine(run).setExpandAtFiles(false).parseArgs(arguments.toArray(String[]::new));
    run.useMarker(true);
    return run;
  }
}
