package dev.pipewright.language;

import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What an expression can name in its place of the document, beside params and tasks.
///
/// @param matrix the types by axis, and `index`; null where there is no combination
/// @param loop the outputs of an iteration; null where there is none
/// @param iterated whether an iteration has just ended, so that its outputs are there
/// @param trial the names of a study's params, none where they could not be read; null where there
///   is no trial
/// @param failure whether an attempt has failed
/// @param ended whether all tasks but those of `finally` have ended
record Context(
    @Nullable Map<String, CelType> matrix,
    Scope.@Nullable Outputs loop,
    boolean iterated,
    @Nullable Set<String> trial,
    boolean failure,
    boolean ended) {
  static final Context TASK = new Context(null, null, false, null, false, false);
  static final Context FINALLY = new Context(null, null, false, null, false, true);

  static final Map<String, CelType> LOOP = Map.of("iteration", SimpleType.INT);
  static final Map<String, CelType> TRIAL =
      ordered(
          "number", SimpleType.INT, "params", MapType.create(SimpleType.STRING, SimpleType.DYN));
  static final Map<String, CelType> FAILURE =
      ordered(
          "exitCode",
          SimpleType.INT,
          "code",
          SimpleType.STRING,
          "message",
          SimpleType.STRING,
          "attempt",
          SimpleType.INT);
  private static final Map<String, CelType> RUN =
      ordered(
          "id",
          SimpleType.STRING,
          "number",
          SimpleType.INT,
          "name",
          SimpleType.STRING,
          "scheduledAt",
          SimpleType.STRING);
  private static final Map<String, CelType> ENDED_RUN = new LinkedHashMap<>(RUN);

  static {
    ENDED_RUN.put("status", SimpleType.STRING);
    ENDED_RUN.put("failed", ListType.create(SimpleType.STRING));
  }

  Context withMatrix(Map<String, CelType> axes) {
    var matrix = new LinkedHashMap<>(axes);
    matrix.put("index", SimpleType.INT);
    return new Context(matrix, loop, iterated, trial, failure, ended);
  }

  Context withLoop(Scope.Outputs outputs, boolean iterated) {
    return new Context(matrix, outputs, iterated, trial, failure, ended);
  }

  Context withTrial(Set<String> params) {
    return new Context(matrix, loop, iterated, params, failure, ended);
  }

  Context withFailure() {
    return new Context(matrix, loop, iterated, trial, true, ended);
  }

  /// The fields of `matrix`, `loop`, `trial`, `failure` or `run`; null where there is no such thing
  /// here.
  @Nullable Map<String, CelType> fields(String root) {
    return switch (root) {
      case "matrix" -> matrix;
      case "loop" -> loop == null ? null : LOOP;
      case "trial" -> trial == null ? null : TRIAL;
      case "failure" -> failure ? FAILURE : null;
      default -> ended ? ENDED_RUN : RUN;
    };
  }

  private static Map<String, CelType> ordered(Object... namesAndTypes) {
    var map = new LinkedHashMap<String, CelType>();
    for (int i = 0; i < namesAndTypes.length; i += 2) {
      map.put((String) namesAndTypes[i], (CelType) namesAndTypes[i + 1]);
    }
    return map;
  }
}
