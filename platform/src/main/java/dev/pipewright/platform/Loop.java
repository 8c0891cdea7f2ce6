package dev.pipewright.platform;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jboss.logging.Logger;

/// One thread that does a step whenever it is woken, and every so often without being woken, as a
/// safety net. A step that fails is tried again after a pause that grows up to ten seconds, and
/// logged now and then; the thread never ends by itself.
public final class Loop implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Loop.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

  private final String name;
  private final Duration idle;
  private final Step step;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Trouble trouble = new Trouble();
  private boolean woken;
  private boolean closed;
  private final Thread thread;

  /// What the loop does.
  @FunctionalInterface
  public interface Step {
    /// @return whether there is more to do at once
    boolean run() throws Exception;
  }

  private Loop(String name, Duration idle, Step step) {
    this.name = name;
    this.idle = idle;
    this.step = step;
    this.thread = Thread.ofPlatform().name(name).daemon(true).unstarted(this::work);
  }

  /// @param idle how long to wait for a wake-up before looking anyway
  public static Loop start(String name, Duration idle, Step step) {
    var loop = new Loop(name, idle, step);
    loop.thread.start();
    return loop;
  }

  /// Makes the step run soon. Wake-ups while it runs are kept.
  public void wake() {
    lock.lock();
    try {
      woken = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /// Lets the running step end, then ends the thread.
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
    try {
      if (!Thread.currentThread().equals(thread) && !thread.join(Duration.ofSeconds(2))) {
        thread.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void work() {
    var pause = FIRST_PAUSE;
    boolean more = true;
    while (await(more ? Duration.ZERO : idle)) {
      try {
        more = step.run();
        pause = FIRST_PAUSE;
        sayOver();
      } catch (InterruptedException e) {
        return;
      } catch (Throwable e) {
        say(e);
        more = false;
        if (!await(pause)) {
          return;
        }
        pause =
            pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
                ? pause.multipliedBy(2)
                : LONGEST_PAUSE;
        more = true;
      }
    }
  }

  private void say(Throwable failure) {
    var message = rootMessage(failure);
    if (!trouble.failed(message, System.nanoTime())) {
      return;
    }
    if (Db.isTransient(failure)) {
      LOG.warnf("%s: the database is away, trying again: %s", name, message);
    } else {
      LOG.errorf(failure, "%s failed, trying again", name);
    }
  }

  private void sayOver() {
    var failed = trouble.over(System.nanoTime());
    if (failed.compareTo(LONGEST_PAUSE) > 0) {
      LOG.infof("%s: goes on again, after %d s", name, failed.toSeconds());
    }
  }

  /// Waits for a wake-up, at most so long. False once closed.
  private boolean await(Duration atMost) {
    lock.lock();
    try {
      long left = atMost.toNanos();
      while (!woken && !closed && left > 0) {
        left = changed.awaitNanos(left);
      }
      woken = false;
      return !closed;
    } catch (InterruptedException e) {
      return false;
    } finally {
      lock.unlock();
    }
  }

  public static String rootMessage(Throwable failure) {
    var root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getClass().getSimpleName() + ": " + root.getMessage();
  }
}
