package dev.pipewright.embedded;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/// A shell that outlives this JVM by an instant: it reads from a pipe that closes when the JVM ends
/// in whatever way, then ends the processes of a test's folder and removes the folder.
final class Watchdog {
  // SIGQUIT is PostgreSQL's immediate shutdown, which gives its shared memory back. A JVM only
  // prints its threads at it, hence the SIGKILL for the broker.
  private static final String SCRIPT =
      """
      trap '' INT TERM HUP
      read -r _
      # A process that ended long ago may have left its number to a stranger.
      ours() {
        if [ -r "/proc/$1/cmdline" ]; then words=$(tr '\\0' ' ' <"/proc/$1/cmdline")
        else words=$(ps -o args= -p "$1" 2>/dev/null); fi
        case $words in *"$2"*) true ;; *) false ;; esac
      }
      postgres=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
      kafka=$(cat "$1/pid" 2>/dev/null)
      [ -n "$kafka" ] && ours "$kafka" "$1" && kill -KILL "$kafka" 2>/dev/null
      if [ -n "$postgres" ] && ours "$postgres" "$1"; then
        kill -QUIT "$postgres" 2>/dev/null
        for _ in 1 2 3 4 5 6 7 8 9 10; do
          kill -0 "$postgres" 2>/dev/null || break
          sleep 0.2
        done
      fi
      sleep 0.2
      rm -rf "$1"
      """;

  // Never written to and never closed: the end of the JVM closes them. Kept here, because a stream
  // that nobody holds is closed by the garbage collector.
  private static final Queue<OutputStream> PIPES = new ConcurrentLinkedQueue<>();

  private Watchdog() {}

  static void over(Path folder) throws IOException {
    var command = new ArrayList<String>();
    Processes.onPath("setsid").ifPresent(setsid -> command.add(setsid.toString()));
    command.addAll(List.of("sh", "-c", SCRIPT, "watchdog", folder.toString()));
    var process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    PIPES.add(process.getOutputStream());
  }
}
