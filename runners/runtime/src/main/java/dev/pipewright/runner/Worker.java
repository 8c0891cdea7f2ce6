package dev.pipewright.runner;

import dev.pipewright.contract.Json;
import dev.pipewright.contract.home.HomeFolder;
import dev.pipewright.contract.task.MessageLine;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.tasks.v1.Launch;
import dev.pipewright.contract.tasks.v1.ServerMessage;
import dev.pipewright.contract.tasks.v1.TaskFinished;
import dev.pipewright.contract.tasks.v1.Welcome;
import dev.pipewright.contract.tasks.v1.WorkerMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Runs the attempts of one home folder: built-in tasks in its own threads, commands as processes
/// of their own. It outlives the server, and the next one finds it by its lock and its socket. What
/// a worker that died left behind, the next worker ends and reports, before it begins anything.
final class Worker {
  static final int PROTOCOL = 1;

  static final long BEAT_MILLIS = 5_000;
  private static final long LONELY_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long SOON_MILLIS = 10;
  private static final long AGAIN_MILLIS = 10_000;
  private static final Duration LAST_WORDS = Duration.ofSeconds(5);

  private final HomeFolder home;
  private final String build;
  private final Surroundings surroundings;
  private final Producers producers = new Producers();
  private final Map<String, Tracker> trackers = new ConcurrentHashMap<>();
  private final AtomicReference<@Nullable String> bootstrap = new AtomicReference<>();
  private final Map<String, Hand> inHand = new ConcurrentHashMap<>();
  private final Set<String> ended =
      Collections.synchronizedSet(Collections.newSetFromMap(new Newest()));
  private final ServerLine server;
  private volatile boolean leaving;
  private volatile long busyOrSeen = System.nanoTime();

  private Worker(HomeFolder home, String build) {
    this.home = home;
    this.build = build;
    this.surroundings =
        Surroundings.start(
            Cgroups.find(
                Objects.requireNonNullElse(System.getenv("PIPEWRIGHT_LAUNCHER_CGROUP"), "")));
    this.server = new ServerLine(surroundings.timer(), surroundings.threads(), this::overKafka);
  }

  /// Keeps so many attempts and no more.
  private static final class Newest extends LinkedHashMap<String, Boolean> {
    private static final int MOST = 20_000;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
      return size() > MOST;
    }
  }

  /// An attempt that runs here, or has something to deliver.
  private static final class Hand {
    final AttemptFolder folder;
    final TaskLaunch launch;
    final CountDownLatch over = new CountDownLatch(1);
    volatile @Nullable Attempt attempt;
    volatile boolean stopRequested;
    @Nullable Spool spool;
    @Nullable Shipper shipper;
    boolean retrying;
    final AtomicBoolean soon = new AtomicBoolean();

    Hand(AttemptFolder folder, TaskLaunch launch) {
      this.folder = folder;
      this.launch = launch;
    }
  }

  static void main(Path root, String build) throws IOException, InterruptedException {
    var home = new HomeFolder(root);
    own(home.worker());
    own(home.workerSocket().getParent());
    // Never closed: the lock is to last until the process ends.
    var lock =
        FileChannel.open(home.workerLock(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (!Main.lock(lock)) {
      System.err.println("another worker of this home folder is there");
      System.exit(Main.EXIT_DUPLICATE);
    }
    Main.writePid(lock);
    var temporary = Files.createDirectories(home.worker().resolve("tmp"));
    System.setProperty("java.io.tmpdir", temporary.toString());
    var worker = new Worker(home, build);
    Runtime.getRuntime().addShutdownHook(new Thread(worker::stopAll, "stop"));
    worker.adopt();
    Timers.everyAside(
        worker.surroundings.timer(), worker.surroundings.threads(), BEAT_MILLIS, worker::beat);
    Timers.every(worker.surroundings.timer(), 1_000, worker::leaveIfDone);
    worker.listen();
  }

  /// A folder that is nobody else's to look into.
  private static void own(Path folder) throws IOException {
    Files.createDirectories(folder);
    if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      // Fails for a folder of somebody else's.
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    }
  }

  private void listen() throws IOException {
    Files.deleteIfExists(home.workerSocket());
    try (var listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(UnixDomainSocketAddress.of(home.workerSocket()));
      while (true) {
        var channel = listening.accept();
        connect(channel);
      }
    }
  }

  private void connect(SocketChannel channel) {
    var own = new AtomicReference<@Nullable MessageLine<ServerMessage, WorkerMessage>>();
    var started = new CountDownLatch(1);
    own.set(
        MessageLine.start(
            "server",
            channel,
            ServerMessage.parser(),
            messages -> {
              awaitStart(started);
              messages.forEach(message -> hear(Objects.requireNonNull(own.get()), message));
            },
            () -> {
              awaitStart(started);
              busyOrSeen = System.nanoTime();
              server.ended(Objects.requireNonNull(own.get()));
            }));
    started.countDown();
  }

  private static void awaitStart(CountDownLatch started) {
    try {
      started.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void hear(MessageLine<ServerMessage, WorkerMessage> line, ServerMessage message) {
    switch (message.getMessageCase()) {
      case HELLO -> {
        boolean same =
            message.getHello().getProtocol() == PROTOCOL
                && message.getHello().getBuild().equals(build);
        leaving = !same;
        line.send(
            WorkerMessage.newBuilder()
                .setWelcome(
                    Welcome.newBuilder()
                        .setProtocol(PROTOCOL)
                        .setBuild(build)
                        .setPid(ProcessHandle.current().pid())
                        .addAllInHand(inHand.keySet())
                        .setNoLimits(surroundings.cgroups().noLimits()))
                .build());
        server.use(line);
      }
      case LAUNCH -> launch(message.getLaunch());
      case STOP -> stop(message.getStop().getAttemptId());
      case STORED ->
          server.stored(message.getStored().getAttemptId(), message.getStored().getSeq());
      case LEAVE -> {
        leaving = true;
        leaveIfDone();
      }
      case MESSAGE_NOT_SET -> {}
    }
  }

  private void launch(Launch message) {
    TaskLaunch launch;
    try {
      launch = Json.MAPPER.readValue(message.getLaunch().toByteArray(), TaskLaunch.class);
    } catch (IOException e) {
      throw new UncheckedIOException("a launch cannot be read", e);
    }
    var hand = new Hand(folder(launch.attemptId()), launch);
    if (inHand.putIfAbsent(launch.attemptId(), hand) != null) {
      return;
    }
    if (ended.contains(launch.attemptId())) {
      // A launch that was on its way twice: the server knows its end already.
      drop(hand);
      return;
    }
    know(launch);
    var secrets = Map.copyOf(message.getSecretsMap());
    surroundings.threads().execute(() -> run(hand, secrets));
  }

  private void know(TaskLaunch launch) {
    bootstrap.set(launch.kafkaBootstrap());
  }

  private void run(Hand hand, Map<String, String> secrets) {
    try {
      if (Files.exists(hand.folder.done())) {
        drop(hand);
        return;
      }
      boolean first = !Files.exists(hand.folder.spool());
      if (!first) {
        ProcessTree.killRemembered(hand.launch.attemptId(), hand.folder.command());
      }
      var spool = first ? Spool.later(() -> create(hand)) : Spool.open(hand.folder.spool());
      if (hand.launch.uses() == null) {
        spool.settle();
      }
      ship(hand, spool);
      if (first) {
        var attempt =
            new Attempt(
                hand.folder,
                hand.launch,
                new EventLog(spool, hand.launch, Clock.systemUTC(), 0),
                tracker(hand.launch),
                surroundings,
                secrets);
        hand.attempt = attempt;
        if (hand.stopRequested) {
          attempt.cancel();
        }
        attempt.run();
      } else {
        Recovery.endLost(spool, hand.launch);
      }
      hand.over.countDown();
      deliver(hand);
      progress(hand);
    } catch (IOException | RuntimeException e) {
      System.err.println("attempt " + hand.launch.attemptId() + " cannot be run");
      e.printStackTrace();
      hand.over.countDown();
      fail(hand, e);
    }
  }

  /// An attempt that cannot even write its spool is reported all the same.
  private void fail(Hand hand, Exception failure) {
    var ending = Ending.unwritable(failure);
    server.send(
        EventLog.report(hand.launch, EventLog.FINISHED, Clock.systemUTC().instant())
            .setFinished(
                TaskFinished.newBuilder()
                    .setOutcome(ending.outcome())
                    .setExitCode(ending.exitCode())
                    .setCode(ending.code())
                    .setMessage(ending.message()))
            .build(),
        stored -> putAway(hand));
  }

  private void putAway(Hand hand) {
    synchronized (hand) {
      try {
        if (hand.shipper != null) {
          hand.shipper.close();
          hand.shipper = null;
        }
        if (hand.spool != null) {
          hand.spool.close();
          hand.spool = null;
        }
        hand.folder.remove();
      } catch (IOException e) {
        System.err.println("attempt " + hand.launch.attemptId() + " cannot be put away: " + e);
      }
    }
    drop(hand);
  }

  private static FileChannel create(Hand hand) throws IOException {
    Files.createDirectories(hand.folder.root());
    // All of it or nothing: the server reads it too.
    var incoming = hand.folder.root().resolve("launch.json.new");
    Files.write(incoming, Json.MAPPER.writeValueAsBytes(hand.launch));
    Files.move(incoming, hand.folder.launchFile(), StandardCopyOption.ATOMIC_MOVE);
    if (hand.launch.uses() == null) {
      hand.folder.createFolders();
    }
    return Spool.create(hand.folder.spool());
  }

  private void ship(Hand hand, Spool spool) {
    synchronized (hand) {
      hand.spool = spool;
      shipTo(hand, spool);
    }
  }

  private void shipTo(Hand hand, Spool spool) {
    var producer = producers.to(hand.launch.kafkaBootstrap());
    var shipper =
        new Shipper(
            spool,
            hand.folder.acked(),
            new Shipper.Outlets(
                producer,
                tracker(hand.launch),
                server,
                surroundings.threads(),
                surroundings.tellers()),
            () -> progress(hand));
    hand.shipper = shipper;
    spool.onAppend(() -> deliverSoon(hand, spool, shipper));
  }

  private static void deliver(Hand hand) {
    synchronized (hand) {
      if (hand.shipper != null) {
        hand.shipper.wake();
      }
    }
  }

  /// That an attempt has begun is worth a message of its own only if it does not end at once, and
  /// so is a folder.
  private void deliverSoon(Hand hand, Spool spool, Shipper shipper) {
    if (hand.over.getCount() == 0) {
      shipper.wake();
    } else if (hand.soon.compareAndSet(false, true)) {
      Timers.after(
          surroundings.timer(),
          SOON_MILLIS,
          () -> {
            hand.soon.set(false);
            if (hand.over.getCount() > 0) {
              surroundings.threads().execute(() -> settle(hand, spool));
            }
            shipper.wake();
          });
    }
  }

  private static void settle(Hand hand, Spool spool) {
    try {
      spool.settle();
    } catch (UncheckedIOException e) {
      // What the attempt tells fails for the same reason; one that tells nothing does without.
      System.err.println("attempt " + hand.launch.attemptId() + " has no folder: " + e);
    }
  }

  private Tracker tracker(TaskLaunch launch) {
    return trackers.computeIfAbsent(launch.trackerUrl(), Tracker::new);
  }

  private @Nullable Reports overKafka() {
    var known = bootstrap.get();
    return known == null ? null : Reports.over(producers.to(known));
  }

  /// Lets go of an attempt that is over and delivered.
  private void progress(Hand hand) {
    if (hand.over.getCount() > 0) {
      return;
    }
    try {
      synchronized (hand) {
        var shipper = hand.shipper;
        var spool = hand.spool;
        if (shipper == null || spool == null) {
          return;
        }
        if (shipper.hasFailed()) {
          if (!hand.retrying) {
            hand.retrying = true;
            Timers.after(surroundings.timer(), AGAIN_MILLIS, () -> shipAgain(hand));
          }
          return;
        }
        if (!shipper.isDelivered()) {
          return;
        }
        hand.shipper = null;
        hand.spool = null;
        if (!shipper.endIsKnown()) {
          spool.settle();
        }
        shipper.close();
        spool.close();
        if (shipper.endIsKnown()) {
          // The server knows its end: nobody will ask for it again.
          ended.add(hand.launch.attemptId());
          if (spool.isSettled()) {
            hand.folder.remove();
          }
        } else {
          Files.writeString(hand.folder.done(), "");
        }
      }
    } catch (IOException e) {
      System.err.println("attempt " + hand.launch.attemptId() + " cannot be put away: " + e);
    }
    drop(hand);
  }

  private void shipAgain(Hand hand) {
    synchronized (hand) {
      hand.retrying = false;
      if (hand.spool != null) {
        shipTo(hand, hand.spool);
      }
    }
  }

  private void drop(Hand hand) {
    inHand.remove(hand.launch.attemptId(), hand);
    busyOrSeen = System.nanoTime();
    server.gone(hand.launch.attemptId());
  }

  private void stop(String attempt) {
    var hand = inHand.get(attempt);
    if (hand != null) {
      hand.stopRequested = true;
      var running = hand.attempt;
      if (running != null) {
        running.cancel();
      }
    }
  }

  /// Takes over what a worker before this one left.
  private void adopt() throws IOException {
    if (!Files.isDirectory(home.work())) {
      return;
    }
    try (var folders = Files.newDirectoryStream(home.work())) {
      for (var each : folders) {
        var folder = new AttemptFolder(each);
        try {
          if (Files.exists(folder.launchFile()) && !Files.exists(folder.done())) {
            adopt(folder);
          }
        } catch (IOException | RuntimeException e) {
          System.err.println("what is left in " + each + " cannot be taken over: " + e);
        }
      }
    }
  }

  private void adopt(AttemptFolder folder) throws IOException {
    if (!Files.exists(folder.spool())) {
      // It never began. One with a runner of its own is the server's to start.
      return;
    }
    var launch = folder.launch();
    if (launch.isolated()) {
      return;
    }
    var hand = new Hand(folder, launch);
    inHand.put(launch.attemptId(), hand);
    know(launch);
    surroundings.threads().execute(() -> run(hand, Map.of()));
  }

  private void beat() {
    var now = Clock.systemUTC().instant();
    server.alive(
        inHand.values().stream()
            .filter(hand -> hand.over.getCount() > 0)
            .map(hand -> EventLog.alive(hand.launch, now))
            .toList());
  }

  private void leaveIfDone() {
    boolean idle = inHand.isEmpty();
    if (!idle || (server.isConnected() && !leaving)) {
      busyOrSeen = System.nanoTime();
    }
    if (idle && (leaving || System.nanoTime() - busyOrSeen > LONELY_NANOS)) {
      Runtime.getRuntime().halt(0);
    }
  }

  /// The machine, or somebody on it, wants the worker to end.
  private void stopAll() {
    var hands = List.copyOf(inHand.values());
    long longest = 0;
    for (var hand : hands) {
      stop(hand.launch.attemptId());
      longest = Math.max(longest, hand.launch.graceMillis());
    }
    try {
      long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(longest + 2_000);
      for (var hand : hands) {
        boolean unused = hand.over.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
      deadline = System.nanoTime() + LAST_WORDS.toNanos();
      while (!inHand.isEmpty() && System.nanoTime() < deadline) {
        TimeUnit.MILLISECONDS.sleep(20);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private AttemptFolder folder(String attempt) {
    return new AttemptFolder(home.work().resolve(attempt));
  }
}
