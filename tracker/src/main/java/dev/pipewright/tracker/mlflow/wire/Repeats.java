package dev.pipewright.tracker.mlflow.wire;

import dev.pipewright.contract.Ids;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Loop;
import dev.pipewright.tracker.mlflow.wire.AnswerStore.Key;
import dev.pipewright.tracker.mlflow.wire.AnswerStore.Row;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.virtual.threads.VirtualThreads;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Lets a call that comes again because its answer was lost have that answer. Two clients that ask
/// for the same at the same time are no such case: only an answer that did not arrive is given to
/// another call.
///
/// The answer is stored in the transaction that does the work, and deleted when it was delivered.
/// One whose client hung up, or whose server ended, stays for the repeat.
@ApplicationScoped
class Repeats {
  private static final Logger LOG = Logger.getLogger(Repeats.class);
  // MLflow's client gives a call up after eight attempts of two minutes and the pauses between
  // them.
  private static final Duration KEPT = Duration.ofMinutes(20);
  private static final Duration STEP = Duration.ofMillis(200);
  // Of another server, which deletes what it delivered with its next step.
  private static final Duration UNDECIDED = STEP.multipliedBy(2);
  private static final Duration LOOK = Duration.ofMillis(20);
  private static final int STEPS_BETWEEN_CHECKS = 10;
  private static final int STEPS_BETWEEN_CLEANING = 300;
  private static final int DELETED_AT_ONCE = 1_000;

  private final Db db;
  private final AnswerStore store;
  private final ExecutorService threads;
  private final Clock clock;
  // Who this server is to others that use the same database.
  private final int server = ThreadLocalRandom.current().nextInt();
  private final ConcurrentHashMap<UUID, List<Attempt>> underWay = new ConcurrentHashMap<>();

  /// Answers of this server that are being delivered, or were and are not deleted yet. All others
  /// of this server's are lost.
  private final Set<Key> cared = ConcurrentHashMap.newKeySet();

  private final ConcurrentLinkedQueue<Key> delivered = new ConcurrentLinkedQueue<>();
  private @Nullable Loop loop;
  private @Nullable Handle live;
  private int steps;

  Repeats(Db db, AnswerStore store, @VirtualThreads ExecutorService threads, Clock clock) {
    this.db = db;
    this.store = store;
    this.threads = threads;
    this.clock = clock;
  }

  /// The client at the other end of a call.
  interface Client {
    /// Whether it hung up, as far as is known.
    boolean isGone();

    /// Runs something once all that has come from the client so far is known.
    void afterNews(Runnable then);
  }

  /// Does a call's work and gives its answer as JSON.
  @FunctionalInterface
  interface Work {
    byte[] run() throws Exception;
  }

  /// Nobody is there to be answered.
  static final class HungUp extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /// There are answers to equal calls, one of which may be this one's.
  private static final class AnswersThere extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /// A call from when it is read until its answer is delivered or lost.
  final class Attempt {
    private final UUID call;
    private final Client client;
    private final CountDownLatch news = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);
    private volatile @Nullable Key answer;

    private Attempt(UUID call, Client client) {
      this.call = call;
      this.client = client;
      client.afterNews(news::countDown);
    }

    /// To be called once.
    void end(boolean arrived) {
      var key = answer;
      if (key == null) {
        leave();
      } else if (arrived) {
        delivered.add(key);
        leave();
      } else {
        threads.execute(() -> lose(key));
      }
    }

    /// Others are told first: once the repeat has the answer it is not lost any more.
    private void lose(Key key) {
      try {
        store.lost(key);
      } catch (RuntimeException e) {
        LOG.warnf(
            "a lost answer could not be marked, so only this server knows of it: %s",
            Loop.rootMessage(e));
      } finally {
        cared.remove(key);
        leave();
      }
    }

    private void leave() {
      underWay.computeIfPresent(
          call,
          (id, attempts) -> {
            attempts.remove(this);
            return attempts.isEmpty() ? null : attempts;
          });
      over.countDown();
    }
  }

  /// @param call digest of what is asked
  Attempt begin(UUID call, Client client) {
    return new Attempt(call, client);
  }

  /// @return equal calls that are under way
  private List<Attempt> enter(Attempt attempt) {
    var others = new ArrayList<Attempt>();
    underWay.compute(
        attempt.call,
        (id, attempts) -> {
          var all = attempts == null ? new ArrayList<Attempt>() : attempts;
          others.addAll(all);
          all.add(attempt);
          return all;
        });
    return others;
  }

  /// Equal calls whose work is done.
  private List<Attempt> answered(Attempt attempt) {
    var others = new ArrayList<Attempt>();
    underWay.computeIfPresent(
        attempt.call,
        (id, attempts) -> {
          attempts.stream().filter(each -> each.answer != null).forEach(others::add);
          return attempts;
        });
    return others;
  }

  /// Waits for the end of those whose clients hung up, which is how a client begins to ask again.
  private static void awaitLost(List<Attempt> attempts) throws InterruptedException {
    if (attempts.isEmpty()) {
      return;
    }
    var news = new CountDownLatch(attempts.size());
    attempts.forEach(each -> each.client.afterNews(news::countDown));
    news.await();
    for (var each : attempts) {
      if (each.client.isGone()) {
        each.over.await();
      }
    }
  }

  /// The answer to a call, which the work gives or gave. What the work does is stored with its
  /// answer, or not at all.
  ///
  /// @throws HungUp when the client hung up before the work was done: it was undone
  byte[] answer(Attempt attempt, Repeat repeat, Work work) throws Exception {
    awaitLost(enter(attempt));
    return switch (repeat) {
      case IS_HARMLESS -> work.run();
      case MAKES_ANOTHER -> {
        try {
          // Hardly ever is there a lost answer, so the work does not wait for the look.
          yield caring(
              attempt,
              tx -> {
                var content = work(tx, attempt, work, true);
                stay(attempt);
                return content;
              });
        } catch (AnswersThere e) {
          // Whoever gave one of them may not have known yet that its client hung up.
          awaitLost(answered(attempt));
          yield caring(
              attempt,
              tx -> {
                var lost = lost(tx, attempt);
                var content = lost == null ? work(tx, attempt, work, false) : lost;
                stay(attempt);
                return content;
              });
        }
      }
      case IS_REFUSED -> {
        try {
          yield caring(attempt, tx -> work(tx, attempt, work, false));
        } catch (Exception failure) {
          var refusal = MlflowError.of(failure);
          if (refusal.code().status() >= 500) {
            throw refusal;
          }
          awaitLost(answered(attempt));
          yield caring(
              attempt,
              tx -> {
                var lost = lost(tx, attempt);
                if (lost == null) {
                  throw refusal;
                }
                return lost;
              });
        }
      }
    };
  }

  @FunctionalInterface
  private interface Part {
    byte[] in(Handle tx) throws Exception;
  }

  /// When the transaction fails it may have been committed for all that: then its answer is lost. A
  /// client that hung up before the end of the commit is known to be gone before it is answered.
  private byte[] caring(Attempt attempt, Part part) throws Exception {
    try {
      byte[] content = db.<byte[], Exception>inTransaction(part::in);
      var news = new CountDownLatch(1);
      attempt.client.afterNews(news::countDown);
      news.await();
      return content;
    } catch (Throwable failure) {
      var key = attempt.answer;
      if (key != null) {
        cared.remove(key);
        attempt.answer = null;
      }
      throw failure;
    }
  }

  /// The repeat of a client that is gone may have been faster and made the thing.
  private static void stay(Attempt attempt) throws InterruptedException, HungUp {
    attempt.news.await();
    if (attempt.client.isGone()) {
      throw new HungUp();
    }
  }

  /// @param alone whether the work is to be undone when there are answers to equal calls
  private byte[] work(Handle tx, Attempt attempt, Work work, boolean alone) throws Exception {
    var content = work.run();
    var key = new Key(attempt.call, Ids.uuid7(clock.millis()));
    care(attempt, key);
    if (AnswerStore.put(tx, key, server, content) && alone) {
      throw new AnswersThere();
    }
    return content;
  }

  /// Before others can see it.
  private void care(Attempt attempt, Key key) {
    cared.add(key);
    attempt.answer = key;
  }

  /// The answer of an equal call that did not arrive, which is this attempt's to deliver from now
  /// on.
  private byte @Nullable [] lost(Handle tx, Attempt attempt) throws InterruptedException {
    long end = System.nanoTime() + UNDECIDED.toNanos();
    while (true) {
      boolean undecided = false;
      for (var row : AnswerStore.find(tx, attempt.call, KEPT)) {
        var key = new Key(attempt.call, row.id());
        if (isLost(tx, row, key)) {
          if (AnswerStore.take(tx, key, row.server(), server)) {
            care(attempt, key);
            return row.content();
          }
        } else {
          undecided |= !Integer.valueOf(server).equals(row.server());
        }
      }
      if (!undecided || System.nanoTime() > end) {
        return null;
      }
      Thread.sleep(LOOK);
    }
  }

  private boolean isLost(Handle tx, Row row, Key key) {
    var from = row.server();
    if (from == null) {
      return true;
    }
    return from == server ? !cared.contains(key) : AnswerStore.ended(tx, from);
  }

  void onStart(@Observes StartupEvent event) {
    live = store.live(server);
    loop = Loop.start("answers", STEP, this::step);
  }

  void onStop(@Observes ShutdownEvent event) {
    if (loop != null) {
      loop.close();
    }
    try {
      deleteDelivered();
    } catch (RuntimeException e) {
      LOG.warnf("delivered answers were not deleted: %s", Loop.rootMessage(e));
    }
    die();
  }

  private boolean step() {
    deleteDelivered();
    steps++;
    if (steps % STEPS_BETWEEN_CHECKS == 0) {
      stayLive();
    }
    if (steps % STEPS_BETWEEN_CLEANING == 0) {
      store.deleteOld(KEPT, DELETED_AT_ONCE);
    }
    return delivered.size() >= DELETED_AT_ONCE;
  }

  private void deleteDelivered() {
    var keys = new ArrayList<Key>();
    for (var key = delivered.poll(); key != null; key = delivered.poll()) {
      keys.add(key);
      if (keys.size() == DELETED_AT_ONCE) {
        break;
      }
    }
    if (keys.isEmpty()) {
      return;
    }
    try {
      store.delete(keys);
    } catch (RuntimeException e) {
      delivered.addAll(keys);
      throw e;
    }
    cared.removeAll(keys);
  }

  /// The lock goes with the connection, such as when the database is restarted.
  private void stayLive() {
    try {
      if (live == null) {
        live = store.live(server);
      } else {
        AnswerStore.check(live);
      }
    } catch (RuntimeException e) {
      die();
      throw e;
    }
  }

  private void die() {
    var handle = live;
    live = null;
    if (handle != null) {
      try {
        handle.close();
      } catch (RuntimeException e) {
        LOG.debug("the connection was gone before it was closed", e);
      }
    }
  }
}
