package dev.pipewright.client.tracking;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/// A run that is being logged. Its methods write to this machine's spool and return; they may be
/// called by several threads. What is wrong with an argument is a [ProblemException] with code
/// `INPUT_INVALID` or `INPUT_MISSING`, at once; what the tracker refuses later is told by
/// [Tracking#flush] and [Tracking#close].
public final class ActiveRun implements AutoCloseable {
  private final Tracking tracking;
  private final Spool spool;
  private final Clock clock;
  private final String id;
  private final String experiment;
  private final Map<String, String> params = new ConcurrentHashMap<>();
  private volatile boolean ended;

  ActiveRun(Tracking tracking, Spool spool, Clock clock, String id, String experiment) {
    this.tracking = tracking;
    this.spool = spool;
    this.clock = clock;
    this.id = id;
    this.experiment = experiment;
  }

  /// 32 hexadecimal digits, known before the tracker hears of the run.
  public String id() {
    return id;
  }

  /// One point of a metric, measured now. NaN and infinities are kept. Steps may come in any order;
  /// points of one step are told apart by their time (milliseconds) and value, so exactly the same
  /// point counts once.
  ///
  /// When the spool has reached its limit, because the tracker has been away for long, the point is
  /// dropped and counted, and [Tracking#close] fails with the number.
  public void log(String key, long step, double value) {
    log(key, step, value, clock.millis());
  }

  /// @param at milliseconds since the epoch
  public void log(String key, long step, double value, long at) {
    requireActive();
    if (at < 0) {
      throw Names.invalid("The time of metric '" + key + "' is before 1970: " + at + ".");
    }
    spool.point(id, key, step, at, value);
  }

  /// A param keeps its first value.
  ///
  /// @param value its text, of at most 6000 characters
  public void param(String key, Object value) {
    requireActive();
    var text = String.valueOf(value);
    Names.check("param", key);
    Names.length("value of param '" + key + "'", text, Names.PARAM_VALUE);
    var before = params.putIfAbsent(key, text);
    if (before == null) {
      spool.append(new Entry.Param(id, key, text));
    } else if (!before.equals(text)) {
      throw Names.invalid(
          "Param '%s' of run %s is '%s' and cannot become '%s'. Use a tag for what changes."
              .formatted(key, id, before, text));
    }
  }

  /// A tag takes its newest value.
  ///
  /// @param value of at most 8000 characters
  public void tag(String key, String value) {
    requireActive();
    Names.check("tag", key);
    Names.length("value of tag '" + key + "'", value, Names.TAG_VALUE);
    spool.append(new Entry.Tag(id, key, value));
  }

  /// Keeps a file under its own name. It is copied first, so it may change afterwards.
  ///
  /// @throws ProblemException INPUT_MISSING
  public void artifact(Path file) {
    artifact(file, String.valueOf(file.getFileName()));
  }

  /// @param path where in the run, with `/` between the parts
  public void artifact(Path file, String path) {
    requireActive();
    Names.path(path);
    spool.append(new Entry.Artifact(id, spool.copy(file), path));
  }

  /// Keeps everything below a folder under its relative path.
  ///
  /// @throws ProblemException INPUT_MISSING
  public void artifacts(Path folder) {
    each(folder, this::artifact);
  }

  /// Keeps a folder as a logged model, which can be registered: [Tracking#register].
  ///
  /// @param name without any of `/ : . % " '`
  /// @param type what can load it, such as `xgboost`
  /// @return the model's id, `m-` and 32 hexadecimal digits
  /// @throws ProblemException INPUT_MISSING
  public String model(String name, String type, Path folder) {
    requireActive();
    if (name.isEmpty() || name.chars().anyMatch(each -> "/:.%\"'".indexOf(each) >= 0)) {
      throw Names.invalid("'" + name + "' is not a model's name: / : . % \" ' are not allowed.");
    }
    var model = "m-" + tracking.newId();
    spool.append(new Entry.ModelStarted(id, model, name, type));
    each(folder, (file, path) -> spool.append(new Entry.ModelFile(model, spool.copy(file), path)));
    spool.append(new Entry.ModelEnded(id, model));
    return model;
  }

  private interface FileAtPath {
    void take(Path file, String path);
  }

  private static void each(Path folder, FileAtPath taker) {
    try (Stream<Path> files = Files.walk(folder)) {
      for (var file : files.filter(Files::isRegularFile).sorted().toList()) {
        var path = folder.relativize(file);
        var parts = new StringBuilder();
        path.forEach(part -> parts.append(parts.isEmpty() ? "" : "/").append(part));
        taker.take(file, Names.path(parts.toString()));
      }
    } catch (IOException e) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING, "The folder " + folder + " cannot be read: " + e + ".", e);
    }
  }

  /// Starts a run below this one, in its experiment. It ends on its own.
  public ActiveRun nested(String name) {
    requireActive();
    return tracking.start(experiment, name, this);
  }

  /// Ends the run as failed, with the failure as its tag `error`.
  public void fail(Throwable failure) {
    if (!ended) {
      var text = failure.toString();
      tag("error", text.length() <= Names.TAG_VALUE ? text : text.substring(0, Names.TAG_VALUE));
      end("FAILED");
    }
  }

  /// Ends the run as finished, unless it has ended.
  @Override
  public void close() {
    end("FINISHED");
  }

  private synchronized void end(String status) {
    if (!ended) {
      ended = true;
      tracking.end(id, status);
    }
  }

  private void requireActive() {
    if (ended) {
      throw new IllegalStateException("run " + id + " has ended");
    }
  }
}
