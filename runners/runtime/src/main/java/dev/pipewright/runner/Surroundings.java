package dev.pipewright.runner;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/// What all attempts of one process share.
///
/// @param threads for what waits for the system: a command, its output
/// @param tellers a few for all, for what may have to wait for the broker: attempts that have ended
///   meanwhile are many
record Surroundings(
    ScheduledExecutorService timer,
    ExecutorService threads,
    ExecutorService tellers,
    Cgroups cgroups) {
  private static final int TELLERS = 4;

  static Surroundings start(Cgroups cgroups) {
    return new Surroundings(
        Timers.start(),
        Executors.newCachedThreadPool(Thread.ofPlatform().name("task-", 0).daemon(true).factory()),
        Executors.newFixedThreadPool(
            TELLERS, Thread.ofPlatform().name("tell-", 0).daemon(true).factory()),
        cgroups);
  }
}
