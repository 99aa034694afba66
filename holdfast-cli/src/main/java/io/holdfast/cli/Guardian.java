package io.holdfast.cli;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * A process beside this one that outlives it, to end the child and all its descendants: when told
 * to, and when this process dies, however it dies. Thread-safe.
 */
final class Guardian {

  // A killed JVM can do nothing any more, and Java cannot ask Linux for PR_SET_PDEATHSIG (which
  // would reach only the direct child, anyhow). So a shell reads from a pipe that only this JVM
  // has open for writing. The kernel closes it when the JVM is gone; the shell then reads the end
  // of the file and kills.
  //
  // Killing a tree: a process is stopped before its children are listed, so that it cannot fork
  // away; the listing is repeated until it finds no more; then all are killed. What has detached
  // itself (its parent has ended before) is not in the tree and is not found.
  //
  // Only builtins of the shell are used where there is a /proc: minimal images have no ps.
  //
  // A pid is not reused while the child is there or not waited for. The JVM says "done" after it
  // has waited for the child, so the guardian knows a stale pid only for as long as that takes.

  private static final String SCRIPT =
      """
      trap '' HUP INT QUIT TERM TSTP TTIN TTOU USR1 USR2
      tree=
      visit() {
        case " $tree " in
          *" $1 "*) ;;
          *" $2 "*)
            kill -s STOP "$1" 2>/dev/null
            tree="$tree $1"
            grown=yes ;;
        esac
      }
      processes() {
        if [ -r /proc/self/stat ]; then
          for stat in /proc/[0-9]*/stat; do
            { read -r line <"$stat"; } 2>/dev/null || continue
            rest=${line##*) }
            rest=${rest#* }
            visit "${line%% *}" "${rest%% *}"
          done
        else
          found=$(ps -A -o pid= -o ppid=)
          while read -r pid parent; do visit "$pid" "$parent"; done <<END
      $found
      END
        fi
      }
      end() {
        [ "$child" ] || return
        kill -s STOP "$child" 2>/dev/null || return
        tree=$child
        grown=yes
        while [ "$grown" ]; do
          grown=
          processes
        done
        kill -s KILL $tree 2>/dev/null
      }
      child=
      while read -r word argument; do
        case $word in
          child) child=$argument ;;
          signal) kill -s "$argument" "$child" 2>/dev/null ;;
          end) end ;;
          done) exit 0 ;;
        esac
      done
      end
      """;

  private final Process shell;
  private final OutputStream orders;

  private Guardian(Process shell) {
    this.shell = shell;
    this.orders = shell.getOutputStream();
  }

  /** Starts one; empty where there is no POSIX shell. */
  static Optional<Guardian> start() {
    ProcessBuilder builder =
        new ProcessBuilder(List.of("/bin/sh", "-c", SCRIPT, "holdfast-guardian"))
            .directory(new File("/"))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    try {
      return Optional.of(new Guardian(builder.start()));
    } catch (IOException noShell) {
      return Optional.empty();
    }
  }

  /** Whom to end. */
  void guard(long pid) {
    order("child " + pid);
  }

  /** Sends the child a signal; false if the guardian is gone. */
  boolean signal(String name) {
    return order("signal " + name);
  }

  /** Kills the child and its descendants; false if the guardian is gone. */
  boolean end() {
    return order("end");
  }

  /** The child has ended and was waited for: there is nothing to guard any more. */
  void dismiss() {
    order("done");
  }

  private synchronized boolean order(String line) {
    try {
      orders.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
      orders.flush();
      return shell.isAlive();
    } catch (IOException gone) {
      return false;
    }
  }
}
