package dev.pipewright.tabular;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;

/// What the XGBoost library leaves to its user: a readable failure to load, and cutting a model off
/// at its best round.
public final class Boosters {
  static final String FILE = "model.ubj";

  private Boosters() {}

  /// Loads the native library.
  ///
  /// @throws ProblemException LIBRARY_MISSING
  public static void load() {
    try {
      Class.forName("ml.dmlc.xgboost4j.java.XGBoostJNI");
    } catch (ClassNotFoundException | LinkageError e) {
      throw unloadable(e);
    }
  }

  /// Says which library is missing and how to install it.
  public static ProblemException unloadable(Throwable e) {
    var texts = new StringBuilder();
    Throwable deepest = e;
    for (var cause = e; cause != null; cause = cause.getCause()) {
      texts.append(cause.getMessage()).append('\n');
      deepest = cause;
    }
    var text = texts.toString().toLowerCase(Locale.ROOT);
    var remedy =
        text.contains("libomp")
            ? "Install it (brew install libomp) and run the task again."
            : text.contains("gomp")
                ? "Install libgomp1 (Debian, Ubuntu: apt-get install libgomp1; Fedora: dnf install libgomp) and run"
                    + " the task again."
                : "XGBoost needs Linux with glibc, macOS or Windows on x86-64, or Linux or macOS on ARM64, and"
                    + " libgomp1 on Linux (apt-get install libgomp1).";
    var problem =
        new ProblemException(
            ProblemCode.LIBRARY_MISSING,
            "XGBoost's native library cannot be loaded: " + deepest.getMessage(),
            remedy);
    problem.initCause(e);
    return problem;
  }

  public static DMatrix matrix(float[] rows, int width) throws XGBoostError {
    return new DMatrix(rows, width == 0 ? 0 : rows.length / width, width, Float.NaN);
  }

  /// The model as XGBoost's JSON with its first rounds only.
  ///
  /// @param outputs trees of a round: the number of classes, or 1
  public static ObjectNode firstRounds(Booster booster, int rounds, int outputs)
      throws XGBoostError, IOException {
    var model = (ObjectNode) Json.MAPPER.readTree(booster.toByteArray("json"));
    var trees = (ObjectNode) model.at("/learner/gradient_booster/model");
    int keep = rounds * outputs;
    shorten(trees, "trees", keep);
    shorten(trees, "tree_info", keep);
    shorten(trees, "iteration_indptr", rounds + 1);
    ((ObjectNode) trees.get("gbtree_model_param")).put("num_trees", Integer.toString(keep));
    return model;
  }

  public static Booster fromJson(ObjectNode model) throws XGBoostError, IOException {
    return XGBoost.loadModel(Json.MAPPER.writeValueAsBytes(model));
  }

  /// How much each number of a row lowered the loss, over all splits on it.
  static double[] gains(ObjectNode model, int width) {
    var gains = new double[width];
    for (var tree : model.at("/learner/gradient_booster/model/trees")) {
      JsonNode left = tree.get("left_children");
      for (int node = 0; node < left.size(); node++) {
        if (left.get(node).asInt() >= 0) {
          gains[tree.get("split_indices").get(node).asInt()] +=
              tree.get("loss_changes").get(node).asDouble();
        }
      }
    }
    return gains;
  }

  /// @throws ProblemException MODEL_UNREADABLE or LIBRARY_MISSING
  public static Booster read(Path folder) throws IOException {
    var file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new ProblemException(
          ProblemCode.MODEL_UNREADABLE, "the model has no %s".formatted(FILE));
    }
    load();
    try {
      var booster = XGBoost.loadModel(file.toString());
      booster.setParam("nthread", 1);
      return booster;
    } catch (XGBoostError e) {
      throw new ProblemException(
          ProblemCode.MODEL_UNREADABLE, "%s cannot be loaded".formatted(FILE), e);
    }
  }

  private static void shorten(ObjectNode parent, String name, int length) {
    if (parent.get(name) instanceof ArrayNode items) {
      while (items.size() > length) {
        items.remove(items.size() - 1);
      }
    }
  }
}
