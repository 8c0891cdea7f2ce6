package dev.pipewright.orchestrator.launch;

import com.google.protobuf.ByteString;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.home.HomeFolder;
import dev.pipewright.contract.task.MessageLine;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.tasks.v1.Hello;
import dev.pipewright.contract.tasks.v1.Launch;
import dev.pipewright.contract.tasks.v1.Leave;
import dev.pipewright.contract.tasks.v1.ServerMessage;
import dev.pipewright.contract.tasks.v1.Stop;
import dev.pipewright.contract.tasks.v1.Stored;
import dev.pipewright.contract.tasks.v1.TaskReport;
import dev.pipewright.contract.tasks.v1.Welcome;
import dev.pipewright.contract.tasks.v1.WorkerMessage;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// The server's side of the line to the worker of its home folder. A worker that is there is
/// adopted; where none is, one is started. Of a worker that dies, the next one says what was lost.
final class LocalWorker implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(LocalWorker.class);
  private static final int PROTOCOL = 1;
  private static final Duration CONNECT = Duration.ofSeconds(15);
  private static final Duration WELCOME = Duration.ofSeconds(5);
  private static final long LOOK_MILLIS = 10;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  /// What a worker and its tasks need not know.
  private static final List<String> OURS =
      List.of("PIPEWRIGHT_SECRET_", "PIPEWRIGHT_DATABASE_", "AWS_");

  private final HomeFolder home;
  private final List<String> command;
  private final String build;
  private final Launcher.Listener listener;
  private final Set<String> inHand = ConcurrentHashMap.newKeySet();
  private @Nullable Line line;
  private Duration pause = FIRST_PAUSE;
  private long again = System.nanoTime();
  private volatile boolean accepts;
  private volatile boolean closed;
  private volatile String noLimits = "";

  /// @param command starts a worker, to which the home folder and the build are added
  /// @param build what this server is made of: a worker of another build is asked to leave
  LocalWorker(HomeFolder home, List<String> command, String build, Launcher.Listener listener) {
    this.home = home;
    this.command = List.copyOf(command);
    this.build = build;
    this.listener = listener;
  }

  /// One connection.
  private final class Line {
    final CountDownLatch welcomed = new CountDownLatch(1);
    final CountDownLatch started = new CountDownLatch(1);
    @Nullable MessageLine<WorkerMessage, ServerMessage> messages;

    boolean isOpen() {
      return messages != null && messages.isOpen();
    }

    void open(SocketChannel channel) {
      messages =
          MessageLine.start("worker", channel, WorkerMessage.parser(), this::hear, this::ended);
      started.countDown();
      send(
          ServerMessage.newBuilder()
              .setHello(Hello.newBuilder().setProtocol(PROTOCOL).setBuild(build)));
    }

    void send(ServerMessage.Builder message) {
      if (messages != null) {
        messages.send(message.build());
      }
    }

    private void hear(List<WorkerMessage> heard) {
      try {
        started.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      var reports = new LinkedHashMap<String, List<TaskReport>>();
      boolean gone = false;
      for (var message : heard) {
        switch (message.getMessageCase()) {
          case WELCOME -> welcome(message.getWelcome());
          case REPORT ->
              reports
                  .computeIfAbsent(message.getReport().getPipelineRunId(), id -> new ArrayList<>())
                  .add(message.getReport());
          case GONE -> {
            inHand.remove(message.getGone().getAttemptId());
            gone = true;
          }
          case MESSAGE_NOT_SET -> {}
        }
      }
      for (var ofRun : reports.values()) {
        listener.heard(ofRun, () -> ofRun.forEach(this::stored));
      }
      if (gone && !accepts) {
        listener.changed();
      }
    }

    private void welcome(Welcome welcome) {
      inHand.clear();
      inHand.addAll(welcome.getInHandList());
      noLimits = welcome.getNoLimits();
      accepts = welcome.getProtocol() == PROTOCOL && welcome.getBuild().equals(build);
      if (!accepts) {
        LOG.infof(
            "the worker %d is of another build; a new one is started when its %d tasks have ended",
            welcome.getPid(), welcome.getInHandCount());
      }
      welcomed.countDown();
    }

    private void stored(TaskReport report) {
      send(
          ServerMessage.newBuilder()
              .setStored(
                  Stored.newBuilder().setAttemptId(report.getAttemptId()).setSeq(report.getSeq())));
    }

    private void ended() {
      accepts = false;
      if (!closed) {
        listener.changed();
      }
    }
  }

  /// Makes sure that there is a line to a worker that has said what it has in hand.
  synchronized boolean connect() throws InterruptedException {
    if (closed) {
      return false;
    }
    if (line != null && line.isOpen() && line.welcomed.getCount() == 0) {
      return true;
    }
    if (System.nanoTime() - again < 0) {
      return false;
    }
    if (reach()) {
      pause = FIRST_PAUSE;
      return true;
    }
    again = System.nanoTime() + pause.toNanos();
    pause =
        pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
    return false;
  }

  private boolean reach() throws InterruptedException {
    try {
      long deadline = System.nanoTime() + CONNECT.toNanos();
      @Nullable Process starting = null;
      while (System.nanoTime() < deadline) {
        var next = isThere() ? open() : null;
        if (next != null) {
          if (next.welcomed.await(WELCOME.toMillis(), TimeUnit.MILLISECONDS)) {
            line = next;
            return true;
          }
          LOG.warnf("the worker did not answer within %s", WELCOME);
          return false;
        }
        if (starting == null || !starting.isAlive()) {
          if (starting != null && starting.exitValue() != 75) {
            LOG.errorf("the worker ended with %d; see %s", starting.exitValue(), home.workerLog());
            return false;
          }
          if (!isThere()) {
            starting = start();
          }
        }
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      }
      LOG.warnf("no worker could be reached within %s; see %s", CONNECT, home.workerLog());
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException("the worker cannot be reached", e);
    }
  }

  private @Nullable Line open() {
    try {
      var channel = SocketChannel.open(UnixDomainSocketAddress.of(home.workerSocket()));
      var next = new Line();
      next.open(channel);
      return next;
    } catch (IOException e) {
      return null; // it does not listen yet
    }
  }

  private Process start() throws IOException {
    Files.createDirectories(home.worker());
    Files.createDirectories(home.workerLog().getParent());
    var words = new ArrayList<String>();
    LocalLauncher.setsid().ifPresent(words::add);
    words.addAll(command);
    words.add(home.root().toString());
    words.add(build);
    var builder =
        new ProcessBuilder(words)
            .directory(home.worker().toFile())
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(home.workerLog().toFile()))
            .redirectErrorStream(true);
    clean(builder.environment());
    return builder.start();
  }

  /// Takes out what is the server's alone.
  static void clean(Map<String, String> environment) {
    environment.keySet().removeIf(name -> OURS.stream().anyMatch(name::startsWith));
  }

  /// Whether a worker lives: it holds the lock for as long as it does.
  private boolean isThere() throws IOException {
    return isHeld(home.workerLock());
  }

  /// Whether another process holds a lock on a file.
  static boolean isHeld(Path file) throws IOException {
    if (!Files.exists(file)) {
      return false;
    }
    try (var channel = FileChannel.open(file, StandardOpenOption.WRITE);
        var held = channel.tryLock()) {
      return held == null;
    } catch (OverlappingFileLockException e) {
      return true;
    }
  }

  boolean accepts() {
    return accepts;
  }

  String noLimits() {
    return noLimits;
  }

  boolean has(String attempt) {
    return inHand.contains(attempt);
  }

  void launch(TaskLaunch launch, Map<String, String> secrets) {
    try {
      var json = ByteString.copyFrom(Json.MAPPER.writeValueAsBytes(launch));
      inHand.add(launch.attemptId());
      send(
          ServerMessage.newBuilder()
              .setLaunch(Launch.newBuilder().setLaunch(json).putAllSecrets(secrets)));
    } catch (IOException e) {
      throw new IllegalStateException("a launch did not become JSON", e);
    }
  }

  void stop(String attempt) {
    send(ServerMessage.newBuilder().setStop(Stop.newBuilder().setAttemptId(attempt)));
  }

  private synchronized void send(ServerMessage.Builder message) {
    if (line != null) {
      line.send(message);
    }
  }

  /// The worker ends when it has nothing left to do, unless another server comes first.
  @Override
  public synchronized void close() {
    closed = true;
    if (line != null && line.messages != null) {
      line.send(ServerMessage.newBuilder().setLeave(Leave.getDefaultInstance()));
      line.messages.finish();
    }
  }
}
