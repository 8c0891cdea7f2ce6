package dev.pipewright.embedded;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.home.PrivateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The real PostgreSQL as a process of ours, on the loopback address.
///
/// Its folder holds `data`, `log/postgres.log`, `port` and `password` (of the one role, which only
/// the owner of the folder can read). A data folder is made under another name and renamed when it
/// is complete, so one that was cut off never counts.
public final class EmbeddedPostgres implements EmbeddedProcess {
  private static final String ROLE = "pipewright";
  private static final String DATABASE = "pipewright";
  private static final Duration RECOVERY = Duration.ofMinutes(5);
  private static final Duration OLD_BACKENDS = Duration.ofSeconds(30);

  private final Path dir;
  private final Path data;
  private final Path log;
  private final List<String> settings;
  private final Progress progress;
  private final PostgresBinaries binaries;
  private final List<String> wrapper;
  private final String password;
  private volatile Running running;

  private record Running(ProcessHandle process, int port) {}

  private EmbeddedPostgres(
      Path dir,
      List<String> settings,
      Progress progress,
      PostgresBinaries binaries,
      List<String> wrapper,
      String password)
      throws IOException {
    this.dir = dir;
    this.data = dir.resolve("data");
    this.log = dir.resolve("log/postgres.log");
    this.settings = settings;
    this.progress = progress;
    this.binaries = binaries;
    this.wrapper = wrapper;
    this.password = password;
    this.running = adoptOrLaunch();
  }

  /// Starts PostgreSQL on the folder, or adopts the one that runs on it already.
  ///
  /// @throws ProblemException POSTGRES_FAILED or HOME_DAMAGED
  public static EmbeddedPostgres start(Path dir, Progress progress) {
    return start(dir, progress, List.of());
  }

  static EmbeddedPostgres start(Path dir, Progress progress, List<String> settings) {
    var folder = dir.toAbsolutePath().normalize();
    try {
      var binaries = PostgresBinaries.unpacked(progress);
      Files.createDirectories(folder.resolve("log"));
      var wrapper = wrapper(folder);
      var password = initialised(folder, binaries, wrapper, progress);
      return new EmbeddedPostgres(folder, settings, progress, binaries, wrapper, password);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public String name() {
    return "PostgreSQL";
  }

  /// The address of the database `pipewright`.
  public String jdbcUrl() {
    return jdbcUrl(DATABASE);
  }

  String jdbcUrl(String database) {
    return "jdbc:postgresql://127.0.0.1:%d/%s".formatted(port(), database);
  }

  public String user() {
    return ROLE;
  }

  public String password() {
    return password;
  }

  Path dataFolder() {
    return data;
  }

  public int port() {
    return running.port();
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
    // SIGINT is the fast shutdown: ends the sessions, writes a checkpoint. SIGQUIT leaves the rest
    // to the recovery of the next start.
    Processes.signal(process, "INT");
    if (!Processes.ended(process, Duration.ofSeconds(7))) {
      Processes.signal(process, "QUIT");
      if (!Processes.ended(process, Duration.ofSeconds(2))) {
        process.destroyForcibly();
      }
    }
  }

  private Running adoptOrLaunch() throws IOException {
    long deadline = System.nanoTime() + OLD_BACKENDS.toNanos();
    int ports = 0;
    while (true) {
      var adopted = adopt();
      if (adopted.isPresent()) {
        return adopted.get();
      }
      int port = Ports.claim(dir.resolve("port"), 1).getFirst();
      long logStart = Processes.openLog(log);
      var process = Processes.detached(command(port), data, log);
      if (ready(process)) {
        return new Running(process, port);
      }
      var said = Processes.logSince(log, logStart);
      if (said.contains("Address already in use") && ports++ < 10) {
        // Somebody took the port between our look and PostgreSQL's.
        progress.report("port " + port + " is taken, choosing another one for PostgreSQL");
        Ports.change(dir.resolve("port"), 1);
      } else if (anotherHoldsTheData(said) && System.nanoTime() < deadline) {
        // The sessions of a killed server notice its death one by one, then let go.
        Processes.pause(Duration.ofMillis(200));
      } else {
        throw failed(
            "PostgreSQL did not start on %s. Its log %s ends with:\n%s"
                .formatted(data, log, Processes.lastLines(said, 12)));
      }
    }
  }

  private static boolean anotherHoldsTheData(String said) {
    return said.contains("pre-existing shared memory block")
        || said.contains("lock file \"postmaster.pid\" already exists")
        || said.contains("lock file \"postmaster.pid\" is empty");
  }

  /// What `postmaster.pid` says; PostgreSQL writes it line by line while it starts.
  private record Postmaster(ProcessHandle process, Instant started, int port, boolean ready) {}

  private Optional<Postmaster> postmaster() throws IOException {
    var file = data.resolve("postmaster.pid");
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    var lines = Files.readAllLines(file);
    if (lines.size() < 4 || !lines.getFirst().strip().matches("[0-9]+")) {
      return Optional.empty();
    }
    var started = Instant.ofEpochSecond(Long.parseLong(lines.get(2).strip()));
    int port = Integer.parseInt(lines.get(3).strip());
    boolean ready = lines.size() > 7 && lines.get(7).strip().equals("ready");
    return ProcessHandle.of(Long.parseLong(lines.getFirst().strip()))
        .filter(Processes::alive)
        .map(process -> new Postmaster(process, started, port, ready));
  }

  private Optional<Running> adopt() throws IOException {
    var found = postmaster();
    if (found.isEmpty()) {
      return Optional.empty();
    }
    var postmaster = found.get();
    if (!isPostgres(postmaster)) {
      // After a reboot the number may belong to anything; PostgreSQL would refuse to start.
      Files.deleteIfExists(data.resolve("postmaster.pid"));
      return Optional.empty();
    }
    if (!ready(postmaster.process())) {
      return Optional.empty();
    }
    progress.report("adopted PostgreSQL, process " + postmaster.process().pid());
    return Optional.of(new Running(postmaster.process(), postmaster.port()));
  }

  private static boolean isPostgres(Postmaster postmaster) {
    var info = postmaster.process().info();
    boolean named = info.command().map(command -> command.endsWith("/postgres")).orElse(true);
    boolean timely =
        info.startInstant()
            .map(start ->
                Duration.between(start, postmaster.started()).abs().compareTo(CLOCK_STEPS) < 0)
            .orElse(true);
    return named && timely;
  }

  /// The start instant is computed from the time of boot, which moves when the clock is set.
  private static final Duration CLOCK_STEPS = Duration.ofMinutes(10);

  private boolean ready(ProcessHandle process) throws IOException {
    long deadline = System.nanoTime() + RECOVERY.toNanos();
    long talk = System.nanoTime() + Duration.ofSeconds(5).toNanos();
    while (Processes.alive(process)) {
      var postmaster = postmaster();
      if (postmaster.isPresent()
          && postmaster.get().process().pid() == process.pid()
          && postmaster.get().ready()) {
        return true;
      }
      if (System.nanoTime() > deadline) {
        throw failed(
            "PostgreSQL (process %d) was not ready within %d minutes. Its log is %s."
                .formatted(process.pid(), RECOVERY.toMinutes(), log));
      }
      if (System.nanoTime() > talk) {
        progress.report("PostgreSQL is recovering its data");
        talk = Long.MAX_VALUE;
      }
      Processes.pause(Duration.ofMillis(20));
    }
    return false;
  }

  private List<String> command(int port) {
    var command = new ArrayList<>(wrapper);
    command.addAll(
        List.of(binaries.program("postgres").toString(), "-D", data.toString(), "-p", "" + port));
    var all = new ArrayList<>(SETTINGS);
    all.addAll(settings);
    all.forEach(setting -> command.addAll(List.of("-c", setting)));
    return command;
  }

  /// For one laptop: little memory, no replication, nothing but loopback.
  private static final List<String> SETTINGS =
      List.of(
          "listen_addresses=127.0.0.1",
          "unix_socket_directories=",
          "max_connections=60",
          "shared_buffers=64MB",
          "work_mem=8MB",
          "maintenance_work_mem=64MB",
          "effective_cache_size=512MB",
          "wal_level=minimal",
          "max_wal_senders=0",
          "max_wal_size=512MB",
          "wal_compression=on",
          "random_page_cost=1.1",
          "io_workers=1",
          // Metrics pass through rows that live for seconds; their room is used again once
          // vacuumed.
          "autovacuum_naptime=5s",
          "jit=off",
          "log_checkpoints=off",
          "log_line_prefix=%m [%p] ",
          "timezone=UTC",
          "log_timezone=UTC");

  /// Makes the data folder where there is none, and returns the role's password.
  private static String initialised(
      Path dir, PostgresBinaries binaries, List<String> wrapper, Progress progress)
      throws IOException {
    var data = dir.resolve("data");
    var passwordFile = dir.resolve("password");
    Folders.removeUnfinished(data);
    if (!Files.exists(data)) {
      progress.report("creating the database");
      PrivateFile.password(passwordFile);
      var fresh = Folders.prepare(data);
      Processes.run(initdb(binaries, wrapper, fresh, passwordFile), dir, "");
      Processes.run(
          with(
              wrapper,
              binaries.program("postgres").toString(),
              "--single",
              "-D",
              fresh.toString(),
              "postgres"),
          dir,
          "create database " + DATABASE + ";\n");
      Folders.commit(fresh, data);
    }
    requireUsable(data, passwordFile);
    return Files.readString(passwordFile).strip();
  }

  private static List<String> initdb(
      PostgresBinaries binaries, List<String> wrapper, Path fresh, Path passwordFile) {
    return with(
        wrapper,
        binaries.program("initdb").toString(),
        "--pgdata=" + fresh,
        "--username=" + ROLE,
        "--pwfile=" + passwordFile,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        // Sorting by code point: the same on every machine, and plain indexes serve prefixes.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C");
  }

  private static void requireUsable(Path data, Path passwordFile) throws IOException {
    var version = data.resolve("PG_VERSION");
    var major = PostgresBinaries.VERSION.substring(0, PostgresBinaries.VERSION.indexOf('.'));
    if (!Files.exists(version) || !Files.exists(passwordFile)) {
      throw new ProblemException(
          ProblemCode.HOME_DAMAGED,
          "%s is missing; %s cannot be used without it."
              .formatted(Files.exists(version) ? passwordFile : version, data));
    }
    var written = Files.readString(version).strip();
    if (!written.equals(major)) {
      throw new ProblemException(
          ProblemCode.HOME_DAMAGED,
          "%s was written by PostgreSQL %s, and this is PostgreSQL %s."
              .formatted(data, written, major),
          "Use the Pipewright that wrote it, or dump the data there and load it here.");
    }
  }

  /// What to put before PostgreSQL's programs. They refuse to run as root; in a user namespace of
  /// their own they do not see that they are.
  private static List<String> wrapper(Path dir) throws IOException {
    var owner = Files.createTempFile(dir, "owner", "");
    boolean root = Integer.valueOf(0).equals(Files.getAttribute(owner, "unix:uid"));
    Files.delete(owner);
    if (!root) {
      return List.of();
    }
    var unshare = Processes.onPath("unshare");
    @Nullable IOException why = null;
    if (unshare.isPresent()) {
      var wrapper = List.of(unshare.get().toString(), "--user");
      try {
        Processes.run(with(wrapper, "true"), dir, "");
        return wrapper;
      } catch (IOException e) {
        why = e;
      }
    }
    throw new ProblemException(
        ProblemCode.POSTGRES_FAILED,
        "PostgreSQL refuses to run as root, and a user namespace cannot be made for it here (%s)."
            .formatted(why == null ? "there is no 'unshare'" : why.getMessage()),
        "Run Pipewright as an ordinary user, or set PIPEWRIGHT_DATABASE_URL to a PostgreSQL of your"
            + " own.");
  }

  private static List<String> with(List<String> wrapper, String... command) {
    var full = new ArrayList<>(wrapper);
    full.addAll(List.of(command));
    return full;
  }

  private static ProblemException failed(IOException e) {
    return new ProblemException(ProblemCode.POSTGRES_FAILED, String.valueOf(e.getMessage()), e);
  }

  private static ProblemException failed(String detail) {
    return new ProblemException(ProblemCode.POSTGRES_FAILED, detail);
  }
}
