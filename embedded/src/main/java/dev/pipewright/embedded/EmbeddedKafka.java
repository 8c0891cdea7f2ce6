package dev.pipewright.embedded;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.home.PrivateFile;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// The real Kafka broker, its own controller too (KRaft, combined mode), as a process of ours on
/// the loopback address.
///
/// Its folder holds `data`, `log/kafka.log`, `ports` (of the broker and of the controller), `pid`
/// and the configuration it was started with.
public final class EmbeddedKafka implements EmbeddedProcess {
  private static final Duration RECOVERY = Duration.ofMinutes(2);
  private static final String MAIN_CLASS = "kafka.Kafka";

  private final Path dir;
  private final Path lib;
  private final Path log;
  private final Progress progress;
  private volatile Running running;

  private record Running(ProcessHandle process, int port) {}

  private EmbeddedKafka(Path dir, Path lib, Progress progress) throws IOException {
    this.dir = dir;
    this.lib = lib;
    this.log = dir.resolve("log/kafka.log");
    this.progress = progress;
    this.running = adoptOrLaunch();
  }

  /// Starts a broker on the folder, or adopts the one that runs on it already.
  ///
  /// @param lib the folder with the broker's jars
  /// @throws ProblemException KAFKA_FAILED or HOME_DAMAGED
  public static EmbeddedKafka start(Path dir, Path lib, Progress progress) {
    var folder = dir.toAbsolutePath().normalize();
    var jars = lib.toAbsolutePath().normalize();
    try {
      if (!Files.isDirectory(jars)) {
        throw new ProblemException(
            ProblemCode.KAFKA_FAILED,
            "The broker's jars are not in " + jars + ".",
            "Build the project again, or set PIPEWRIGHT_KAFKA_BOOTSTRAP to a broker of your own.");
      }
      Files.createDirectories(folder.resolve("log"));
      initialised(folder, jars, progress);
      return new EmbeddedKafka(folder, jars, progress);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public String name() {
    return "Kafka";
  }

  /// `127.0.0.1:port`, for clients' `bootstrap.servers`.
  public String bootstrap() {
    return "127.0.0.1:" + running.port();
  }

  @Override
  public long pid() {
    return running.process().pid();
  }

  @Override
  public boolean alive() {
    return Processes.alive(running.process());
  }

  @Override
  public synchronized void restart() {
    stop();
    try {
      running = adoptOrLaunch();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public synchronized void stop() {
    var process = running.process();
    if (!Processes.alive(process)) {
      return;
    }
    process.destroy();
    if (!Processes.ended(process, Duration.ofSeconds(8))) {
      process.destroyForcibly();
      Processes.ended(process, Duration.ofSeconds(2));
    }
    try {
      // What is left of it must not be taken for a later process of the same number.
      Files.deleteIfExists(dir.resolve("pid"));
    } catch (IOException e) {
      progress.report("the broker's pid file cannot be removed: " + e.getMessage());
    }
  }

  private Running adoptOrLaunch() throws IOException {
    for (int attempt = 1; ; attempt++) {
      var adopted = adopt();
      if (adopted.isPresent()) {
        return adopted.get();
      }
      var ports = Ports.claim(portsFile(dir), 2);
      configure(dir, dir.resolve("data"), ports);
      long logStart = Processes.openLog(log);
      var process = Processes.detached(command(), dir, log);
      if (ready(process, ports.getFirst())) {
        return new Running(process, ports.getFirst());
      }
      var said = Processes.logSince(log, logStart);
      if (!said.contains("Address already in use") || attempt > 10) {
        throw failed(
            "The Kafka broker did not start on %s. Its log %s ends with:\n%s"
                .formatted(dir.resolve("data"), log, Processes.lastLines(said, 12)));
      }
      progress.report("a port is taken, choosing others for Kafka");
      Ports.change(portsFile(dir), 2);
    }
  }

  private Optional<Running> adopt() throws IOException {
    var file = dir.resolve("pid");
    var ports = Ports.read(portsFile(dir));
    if (!Files.exists(file) || ports.size() != 2) {
      return Optional.empty();
    }
    var pid = Files.readString(file).strip();
    if (!pid.matches("[0-9]{1,18}")) {
      return Optional.empty();
    }
    var found = ProcessHandle.of(Long.parseLong(pid)).filter(Processes::alive).filter(this::isOurs);
    if (found.isEmpty() || !ready(found.get(), ports.getFirst())) {
      return Optional.empty();
    }
    progress.report("adopted Kafka, process " + pid);
    return Optional.of(new Running(found.get(), ports.getFirst()));
  }

  /// The number in the file may by now belong to anything; the configuration's path in its command
  /// line is ours alone.
  private boolean isOurs(ProcessHandle process) {
    return process
        .info()
        .commandLine()
        .map(line -> line.contains(MAIN_CLASS) && line.contains(properties(dir).toString()))
        .orElse(false);
  }

  private boolean ready(ProcessHandle process, int port) {
    long deadline = System.nanoTime() + RECOVERY.toNanos();
    while (Processes.alive(process)) {
      if (answers(port)) {
        return true;
      }
      if (System.nanoTime() > deadline) {
        process.destroyForcibly();
        throw failed(
            "The Kafka broker (process %d) was not ready within %d minutes. Its log is %s."
                .formatted(process.pid(), RECOVERY.toMinutes(), log));
      }
      Processes.pause(Duration.ofMillis(30));
    }
    return false;
  }

  /// Asks for the cluster's brokers (a Metadata request, version 1, for no topics). A broker that
  /// is still starting accepts the connection, but does not answer or does not list itself yet.
  private static boolean answers(int port) {
    try (var socket = Ports.connect(port, 2_000)) {
      var out = new DataOutputStream(socket.getOutputStream());
      out.writeInt(14);
      out.writeShort(3); // Metadata
      out.writeShort(1); // version
      out.writeInt(1); // correlation id
      out.writeShort(-1); // no client id
      out.writeInt(0); // no topics
      out.flush();
      var in = new DataInputStream(socket.getInputStream());
      in.readInt(); // size
      in.readInt(); // correlation id
      return in.readInt() > 0;
    } catch (IOException e) {
      return false;
    }
  }

  private List<String> command() {
    var java = new ArrayList<>(java(lib));
    java.add("-XX:+ExitOnOutOfMemoryError");
    // Classes already parsed start a broker in two thirds of the time; the JVM writes the archive
    // at the end of the first run.
    java.add("-XX:+AutoCreateSharedArchive");
    java.add("-XX:SharedArchiveFile=" + archive(lib));
    java.add("-Xlog:disable");
    java.add("-Dlog4j2.configurationFile=" + dir.resolve("log4j2.xml"));
    java.add("-Djava.awt.headless=true");
    java.add(MAIN_CLASS);
    java.add(properties(dir).toString());
    // The process itself writes its number before it becomes the broker: there is no instant at
    // which a broker runs that a later start could not find.
    var command = new ArrayList<>(List.of("sh", "-c", "echo $$ > pid && exec \"$@\"", "kafka"));
    command.addAll(java);
    return command;
  }

  private static List<String> java(Path lib) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-Xms32m",
        "-Xmx256m",
        "-Xss512k",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-cp",
        lib.resolve("*").toString());
  }

  private static Path archive(Path lib) {
    var key = UUID.nameUUIDFromBytes(lib.toString().getBytes(StandardCharsets.UTF_8));
    return Folders.cache().resolve("kafka-" + key.toString().substring(0, 8) + ".jsa");
  }

  /// Formats the data folder where there is none.
  private static void initialised(Path dir, Path lib, Progress progress) throws IOException {
    var data = dir.resolve("data");
    Folders.removeUnfinished(data);
    if (!Files.exists(data)) {
      progress.report("creating the broker's log");
      var fresh = Folders.prepare(data);
      configure(dir, fresh, Ports.claim(portsFile(dir), 2));
      var command = new ArrayList<>(java(lib));
      command.addAll(
          List.of(
              "-XX:TieredStopAtLevel=1",
              "-Dlog4j2.configurationFile=" + dir.resolve("log4j2.xml"),
              "kafka.tools.StorageTool",
              "format",
              "--cluster-id",
              clusterId(),
              "--config",
              properties(dir).toString()));
      Processes.run(command, dir, "");
      Folders.commit(fresh, data);
    }
    if (!Files.exists(data.resolve("meta.properties"))) {
      throw new ProblemException(
          ProblemCode.HOME_DAMAGED,
          "%s is missing; the broker cannot use %s without it."
              .formatted(data.resolve("meta.properties"), data));
    }
  }

  /// As Kafka writes them: the 16 bytes of a UUID in base 64. One in 64 would begin with a '-',
  /// which the tool that formats takes for an option.
  static String clusterId() {
    while (true) {
      var random = UUID.randomUUID();
      var bytes =
          ByteBuffer.allocate(16)
              .putLong(random.getMostSignificantBits())
              .putLong(random.getLeastSignificantBits())
              .array();
      var id = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
      if (!id.startsWith("-")) {
        return id;
      }
    }
  }

  private static void configure(Path dir, Path data, List<Integer> ports) throws IOException {
    try (var log4j = EmbeddedKafka.class.getResourceAsStream("kafka-log4j2.xml")) {
      if (log4j == null) {
        throw new IOException("kafka-log4j2.xml is not on the class path");
      }
      PrivateFile.write(
          dir.resolve("log4j2.xml"), new String(log4j.readAllBytes(), StandardCharsets.UTF_8));
    }
    PrivateFile.write(
        properties(dir),
        """
        # Written by Pipewright at every start of the broker; changes made here are lost.
        process.roles=broker,controller
        node.id=1
        controller.quorum.voters=1@127.0.0.1:%2$d
        listeners=CLIENT://127.0.0.1:%1$d,CONTROLLER://127.0.0.1:%2$d
        advertised.listeners=CLIENT://127.0.0.1:%1$d
        inter.broker.listener.name=CLIENT
        controller.listener.names=CONTROLLER
        listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
        log.dirs=%3$s
        # Topics are made by the server, with the partitions it needs.
        auto.create.topics.enable=false
        default.replication.factor=1
        offsets.topic.replication.factor=1
        offsets.topic.num.partitions=4
        transaction.state.log.replication.factor=1
        transaction.state.log.min.isr=1
        transaction.state.log.num.partitions=4
        share.coordinator.state.topic.replication.factor=1
        share.coordinator.state.topic.min.isr=1
        share.coordinator.state.topic.num.partitions=1
        group.initial.rebalance.delay.ms=0
        # A killed broker comes back under the same number as soon as its old session is over.
        broker.session.timeout.ms=3000
        broker.heartbeat.interval.ms=1000
        # A server that was off for a week still finds every event.
        log.retention.hours=168
        log.segment.bytes=134217728
        message.max.bytes=4194304
        replica.fetch.max.bytes=4194304
        # The defaults are for a machine of its own: a 128 MiB buffer to compact with, and threads.
        log.cleaner.dedupe.buffer.size=4194304
        log.cleaner.io.buffer.size=131072
        num.network.threads=2
        num.io.threads=4
        background.threads=2
        num.recovery.threads.per.data.dir=2
        """
            .formatted(ports.get(0), ports.get(1), data.toString().replace("\\", "\\\\")));
  }

  private static Path properties(Path dir) {
    return dir.resolve("server.properties");
  }

  private static Path portsFile(Path dir) {
    return dir.resolve("ports");
  }

  private static ProblemException failed(IOException e) {
    return new ProblemException(ProblemCode.KAFKA_FAILED, String.valueOf(e.getMessage()), e);
  }

  private static ProblemException failed(String detail) {
    return new ProblemException(ProblemCode.KAFKA_FAILED, detail);
  }
}
