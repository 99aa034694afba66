package io.holdfast.jdbc;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.Environment.Ticker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The machine that all processes of a lock file run on: one monotonic clock, and a name for the
 * time since it was started.
 *
 * @param boot the kernel's id of this boot; empty where there is none to be had
 * @param ticker a clock that reads the same in all processes of the machine
 */
record Machine(String boot, Ticker ticker) {

  // System.nanoTime() promises no common origin between processes, but HotSpot and its relatives
  // read the clock that counts from the boot: CLOCK_MONOTONIC on Linux, mach_absolute_time on
  // macOS, the performance counter on Windows. Sessions expire by it, because no wall clock can be
  // set so wrong that it matters. On Linux a clock that cannot be that one is refused: it never
  // reads more than /proc/uptime, which goes on during suspension. It may read less for that
  // reason, so a clock that starts with the process is not always recognised.
  //
  // The boot id tells sessions and commits from before a reboot, when the clock began again.
  // Where it is missing (not Linux, or no /proc) nothing is concluded from it: the operating
  // system's locks show that a session from before the boot is dead, and each commit is forced to
  // the disk so that a power failure loses none (SqliteSchema).

  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
  private static final Path UPTIME = Path.of("/proc/uptime");
  private static final double UPTIME_ROUNDING_SECONDS = 1;

  /** This machine. */
  static Machine of(Ticker ticker) {
    refuseOtherClock(ticker);
    return new Machine(read(BOOT_ID), ticker);
  }

  private static void refuseOtherClock(Ticker ticker) {
    // The clock is read first: time that passes between the two readings does no harm then.
    double seconds = ticker.nanoTime() / 1e9;
    String uptime = read(UPTIME);
    if (!uptime.isEmpty() && !plausible(seconds, uptime)) {
      throw new EngineUnavailableException(
          "the clock of this JVM reads "
              + seconds
              + " s, the machine's "
              + uptime
              + ", so processes could not agree when a session expires; use a JVM whose"
              + " System.nanoTime() counts from the start of the machine, as HotSpot's does");
    }
  }

  /** Whether a clock can be the machine's monotonic one, given the text of /proc/uptime. */
  static boolean plausible(double seconds, String uptime) {
    double limit = Double.parseDouble(uptime.split(" ", 2)[0]) + UPTIME_ROUNDING_SECONDS;
    return seconds > 0 && seconds <= limit;
  }

  private static String read(Path path) {
    try {
      return Files.readString(path).strip();
    } catch (IOException absent) {
      return "";
    }
  }

  /** Whether a reboot can be told by the boot id. */
  boolean knowsBoot() {
    return !boot.isEmpty();
  }
}
