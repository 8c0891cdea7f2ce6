package dev.pipewright.runner;

import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;

/// What is to be done later, by one thread for all attempts of the process.
final class Timers {
  private static final Logger LOG = Logger.getLogger(Timers.class.getName());

  private Timers() {}

  static ScheduledExecutorService start() {
    var timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().name("timer").daemon(true).factory());
    timer.setRemoveOnCancelPolicy(true);
    return Executors.unconfigurableScheduledExecutorService(timer);
  }

  /// Something that is to be done later.
  interface Planned {
    /// It need not be done any more.
    void cancel();
  }

  /// Its trouble is told and is nobody else's.
  static Planned after(ScheduledExecutorService timer, long millis, Runnable what) {
    var planned = timer.schedule(() -> guarded(what), millis, TimeUnit.MILLISECONDS);
    return () -> planned.cancel(false);
  }

  static Planned every(ScheduledExecutorService timer, long millis, Runnable what) {
    var planned =
        timer.scheduleWithFixedDelay(() -> guarded(what), millis, millis, TimeUnit.MILLISECONDS);
    return () -> planned.cancel(false);
  }

  /// For what may wait for others: it has a thread of its own meanwhile, and is never done twice at
  /// once.
  static Planned everyAside(
      ScheduledExecutorService timer, Executor threads, long millis, Runnable what) {
    var busy = new AtomicBoolean();
    return every(
        timer,
        millis,
        () -> {
          if (busy.compareAndSet(false, true)) {
            threads.execute(() -> {
              try {
                guarded(what);
              } finally {
                busy.set(false);
              }
            });
          }
        });
  }

  private static void guarded(Runnable what) {
    try {
      what.run();
    } catch (RuntimeException | Error e) {
      LOG.log(Level.SEVERE, "something that was planned failed", e);
    }
  }
}
