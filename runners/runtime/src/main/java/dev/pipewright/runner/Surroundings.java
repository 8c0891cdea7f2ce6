package dev.pipewright.runner;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/// What all attempts of one process share.
///
/// @param threads for what waits for the system: a command, its output
record Surroundings(ScheduledExecutorService timer, ExecutorService threads, Cgroups cgroups) {
  static Surroundings start(Cgroups cgroups) {
    return new Surroundings(
        Timers.start(),
        Executors.newCachedThreadPool(Thread.ofPlatform().name("task-", 0).daemon(true).factory()),
        cgroups);
  }
}
