import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.api.FailureKind;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskState;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/// Kills the server, the worker, the broker, the database or all of them at random points of runs of
/// many tasks, until there were so many kills, lets the last run end, and prints what became of it.
/// Each task takes a lock for as long as it runs, so that one which runs twice at once says so itself.
///
/// Usage: Chaos PIPEWRIGHT HOME KILLS TASKS SEED
public final class Chaos {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final int WIDTH = 50;

  private enum Target {
    SERVER,
    WORKER,
    BROKER,
    DATABASE,
    EVERYTHING
  }

  private final Path pipewright;
  private final Path home;
  private final Random random;
  private final Map<Target, Integer> kills = new EnumMap<>(Target.class);
  private final List<Ended> ended = new ArrayList<>();

  private record Ended(PipelineRun run, List<PipelineRun.Task> tasks) {}

  private Chaos(Path pipewright, Path home, long seed) {
    this.pipewright = pipewright;
    this.home = home;
    this.random = new Random(seed);
  }

  public static void main(String[] args) throws Exception {
    long seed = Long.parseLong(args[4]);
    var chaos = new Chaos(Path.of(args[0]), Path.of(args[1]), seed);
    boolean held = chaos.run(Integer.parseInt(args[2]), Integer.parseInt(args[3]), seed);
    System.exit(held ? 0 : 1);
  }

  private boolean run(int most, int tasks, long seed) throws Exception {
    var begin = Instant.now();
    up();
    var source = document(tasks);
    try (var client = connect()) {
      client.pipelines().apply(source, List.of());
    }
    String run = null;
    for (int i = 1; i <= most; i++) {
      if (run == null) {
        run = start();
      }
      Thread.sleep(random.nextInt(3_000));
      var target = Target.values()[random.nextInt(Target.values().length)];
      if (!kill(target)) {
        i--;
        continue;
      }
      kills.merge(target, 1, Integer::sum);
      if (target == Target.SERVER || target == Target.EVERYTHING) {
        up();
      }
      var known = get(run);
      System.err.printf(
          "%3d of %d kills: %s; %d of %d tasks of run %d have ended%n",
          i, most, target, done(known), known.taskCount(), ended.size() + 1);
      if (known.state().isTerminal()) {
        ended.add(withTasks(known));
        run = null;
      }
    }
    boolean stuck = false;
    if (run != null) {
      var known = awaitEnd(run);
      stuck = !known.state().isTerminal();
      ended.add(withTasks(known));
    }
    return tally(stuck, tasks, seed, Duration.between(begin, Instant.now()));
  }

  private boolean tally(boolean stuck, int tasks, long seed, Duration took) throws IOException {
    long lost = 0;
    long userFailures = 0;
    long systemFailures = 0;
    long twice = 0;
    long failedRuns = 0;
    for (var each : ended) {
      failedRuns += each.run.state() == RunState.SUCCEEDED ? 0 : 1;
      lost +=
          tasks - each.tasks.stream().filter(task -> task.state() == TaskState.SUCCEEDED).count();
      for (var task : each.tasks) {
        long succeeded = 0;
        for (var attempt : task.attempts()) {
          succeeded += attempt.state().name().equals("SUCCEEDED") ? 1 : 0;
          userFailures += attempt.failure() == FailureKind.USER ? 1 : 0;
          systemFailures += attempt.failure() == FailureKind.SYSTEM ? 1 : 0;
        }
        twice += succeeded > 1 ? 1 : 0;
      }
    }
    long unended = 0;
    long doubled = 0;
    for (var each : ended) {
      for (var task : each.tasks) {
        var log = home.resolve("checkpoints").resolve(each.run.id()).resolve(task.name()).resolve("log");
        var lines = Files.exists(log) ? Files.readAllLines(log) : List.<String>of();
        unended += lines.contains("end") ? 0 : 1;
        doubled += lines.stream().filter(line -> line.equals("doubled")).count();
      }
    }
    System.out.printf("seed %d, %d minutes, %d runs of %d tasks%n%n", seed, took.toMinutes(), ended.size(), tasks);
    System.out.println("| | |\n|---|---|");
    kills.forEach((target, count) ->
        System.out.printf("| kills of the %s | %d |%n", target.name().toLowerCase(), count));
    System.out.printf("| runs that did not succeed | %d |%n", failedRuns);
    System.out.printf("| tasks lost | %d |%n", Math.max(lost, unended));
    System.out.printf("| tasks that ran twice at once | %d |%n", doubled);
    System.out.printf("| tasks that succeeded twice | %d |%n", twice);
    System.out.printf("| stuck | %d |%n", stuck ? 1 : 0);
    System.out.printf("| failures counted as the user's | %d |%n", userFailures);
    System.out.printf("| attempts lost, and made again | %d |%n", systemFailures);
    return !stuck && failedRuns + lost + unended + doubled + twice + userFailures == 0;
  }

  /// Layers of commands, each after three of the layer above.
  private String document(int tasks) {
    var script =
        "cd \"$PIPEWRIGHT_CHECKPOINTS\"; exec 9>>lock; flock -n 9 || echo doubled >> log; "
            + "echo begin >> log; sleep %s; echo end >> log";
    var text = new StringBuilder("name: chaos\ntasks:\n");
    for (int i = 0; i < tasks; i++) {
      text.append("  t").append(i).append(":\n");
      JsonNode command =
          JSON.valueToTree(List.of("sh", "-c", script.formatted("0." + (1 + random.nextInt(8)))));
      text.append("    command: ").append(command.toString()).append('\n');
      int above = (i / WIDTH - 1) * WIDTH;
      if (above >= 0) {
        int column = i % WIDTH;
        text.append("    needs: [t%d, t%d, t%d]\n"
            .formatted(above + column, above + (column + 1) % WIDTH, above + (column + 7) % WIDTH));
      }
    }
    return text.toString();
  }

  // The server ------------------------------------------------------------------------------------

  private void up() throws Exception {
    for (int i = 0; i < 3; i++) {
      var process =
          new ProcessBuilder(pipewright.toString(), "up", "--detach").inheritIO()
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (process.waitFor(3, TimeUnit.MINUTES) && process.exitValue() == 0) {
        return;
      }
    }
    throw new IllegalStateException("the server does not come up");
  }

  private Pipewright connect() throws IOException {
    return Pipewright.connect(
        URI.create(JSON.readTree(home.resolve("server.json").toFile()).get("url").textValue()));
  }

  private String start() throws Exception {
    while (true) {
      try (var client = connect()) {
        return client.runs().start("chaos", Map.of()).id();
      } catch (RuntimeException e) {
        Thread.sleep(200); // what was killed is coming back
      }
    }
  }

  /// The run as it is, once the server answers again.
  private PipelineRun get(String run) throws Exception {
    var deadline = Instant.now().plus(PATIENCE);
    while (true) {
      try (var client = connect()) {
        return client.runs().get(run);
      } catch (RuntimeException e) {
        if (Instant.now().isAfter(deadline)) {
          throw e;
        }
      }
      Thread.sleep(200);
    }
  }

  /// The run when it has ended, or when none of its tasks has for so long that it is stuck.
  private PipelineRun awaitEnd(String run) throws Exception {
    long done = -1;
    var progress = Instant.now();
    while (true) {
      var known = get(run);
      if (done(known) > done) {
        done = done(known);
        progress = Instant.now();
      }
      if (known.state().isTerminal() || Instant.now().isAfter(progress.plus(PATIENCE))) {
        return known;
      }
      Thread.sleep(1_000);
    }
  }

  private Ended withTasks(PipelineRun run) throws Exception {
    while (true) {
      try (var client = connect()) {
        return new Ended(run, client.runs().tasks(run).toList());
      } catch (RuntimeException e) {
        Thread.sleep(200); // what was killed is coming back
      }
    }
  }

  private static long done(PipelineRun run) {
    return run.counts().entrySet().stream()
        .filter(each -> each.getKey().isTerminal())
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  // Killing ---------------------------------------------------------------------------------------

  private boolean kill(Target target) throws IOException {
    var victims =
        switch (target) {
          case SERVER -> pids("quarkus-run.jar", true);
          case WORKER -> pids("dev.pipewright.runner.Main worker", false);
          case BROKER -> pids("kafka/server.properties", false);
          case DATABASE -> pids("bin/postgres", false);
          case EVERYTHING -> {
            var all = new ArrayList<Long>();
            for (var each : List.of(Target.SERVER, Target.WORKER, Target.BROKER, Target.DATABASE)) {
              all.addAll(
                  switch (each) {
                    case SERVER -> pids("quarkus-run.jar", true);
                    case WORKER -> pids("dev.pipewright.runner.Main worker", false);
                    case BROKER -> pids("kafka/server.properties", false);
                    default -> pids("bin/postgres", false);
                  });
            }
            yield all;
          }
        };
    boolean killed = false;
    for (long pid : victims) {
      killed |= ProcessHandle.of(pid).map(ProcessHandle::destroyForcibly).orElse(false);
    }
    return killed;
  }

  /// The processes of this home folder, by what their command line holds.
  private List<Long> pids(String words, boolean server) throws IOException {
    var found = new ArrayList<Long>();
    try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (var process : processes) {
        try {
          var command =
              Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1)
                  .replace('\0', ' ');
          long pid = Long.parseLong(process.getFileName().toString());
          boolean ours = server ? pid == serverPid() : command.contains(home.toString());
          if (command.contains(words) && ours) {
            found.add(pid);
          }
        } catch (IOException e) {
          // It has ended meanwhile.
        }
      }
    }
    return found;
  }

  private long serverPid() throws IOException {
    JsonNode server = JSON.readTree(home.resolve("server.json").toFile());
    return server.path("pid").asLong(-1);
  }
}
