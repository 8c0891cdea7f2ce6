package dev.pipewright.runner;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Map;

/// The system's `kill`, called directly: a process only to send a signal costs milliseconds, and
/// the JDK signals single processes only.
final class Signals {
  static final int TERM = 15;
  static final int KILL = 9;

  private static final MethodHandle SEND = find();

  private static final Map<Integer, String> NAMES =
      Map.ofEntries(
          Map.entry(1, "SIGHUP"),
          Map.entry(2, "SIGINT"),
          Map.entry(3, "SIGQUIT"),
          Map.entry(4, "SIGILL"),
          Map.entry(5, "SIGTRAP"),
          Map.entry(6, "SIGABRT"),
          Map.entry(7, "SIGBUS"),
          Map.entry(8, "SIGFPE"),
          Map.entry(9, "SIGKILL"),
          Map.entry(10, "SIGUSR1"),
          Map.entry(11, "SIGSEGV"),
          Map.entry(12, "SIGUSR2"),
          Map.entry(13, "SIGPIPE"),
          Map.entry(14, "SIGALRM"),
          Map.entry(15, "SIGTERM"),
          Map.entry(24, "SIGXCPU"),
          Map.entry(25, "SIGXFSZ"),
          Map.entry(31, "SIGSYS"));

  private Signals() {}

  @SuppressWarnings("restricted")
  private static MethodHandle find() {
    var linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().find("kill").orElseThrow(),
        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
  }

  /// @return whether there was anything to signal
  static boolean toProcess(long pid, int signal) {
    return send(Math.toIntExact(pid), signal);
  }

  /// To all processes of a group.
  ///
  /// @return whether there was anything to signal
  static boolean toGroup(long leader, int signal) {
    return send(-Math.toIntExact(leader), signal);
  }

  private static boolean send(int pid, int signal) {
    if (pid == 0 || pid == -1 || pid == 1) {
      throw new IllegalArgumentException("process " + pid + " is not ours to signal");
    }
    try {
      return (int) SEND.invokeExact(pid, signal) == 0;
    } catch (Throwable e) {
      throw new IllegalStateException("signal " + signal + " cannot be sent", e);
    }
  }

  /// As people call it.
  static String name(int signal) {
    return NAMES.getOrDefault(signal, "signal " + signal);
  }
}
