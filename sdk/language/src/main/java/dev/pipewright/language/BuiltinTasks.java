package dev.pipewright.language;

import static dev.pipewright.contract.task.ValueType.ARTIFACT;
import static dev.pipewright.contract.task.ValueType.BOOL;
import static dev.pipewright.contract.task.ValueType.DATASET;
import static dev.pipewright.contract.task.ValueType.DOUBLE;
import static dev.pipewright.contract.task.ValueType.INT;
import static dev.pipewright.contract.task.ValueType.JSON;
import static dev.pipewright.contract.task.ValueType.MODEL;
import static dev.pipewright.contract.task.ValueType.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.task.ValueType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/// The tasks that `uses` can name, and what goes in and comes out of each. The runner fills in the
/// defaults; they are here for the checks and the documentation.
public final class BuiltinTasks {
  private static final Map<String, Signature> ALL = new LinkedHashMap<>();

  static {
    define("pipewright/split@v1", "Cuts a table into a part to learn from and a part to judge by")
        .required("data", DATASET, "The table: CSV, Parquet or JSON lines")
        .required("target", STRING, "The column to predict")
        .optional("test", DOUBLE, 0.2, "The share of the rows to hold out")
        .optional("stratify", BOOL, true, "Give both parts the same mix of the target")
        .optional("seed", INT, 42, "Decides which rows are held out")
        .gives("train", DATASET)
        .gives("test", DATASET);
    define("pipewright/xgboost@v1", "Trains boosted trees on a table")
        .inItsOwnProcess()
        .required("train", DATASET, "The rows to learn from")
        .required("target", STRING, "The column to predict")
        .optional("task", STRING, "auto", "auto, classification or regression")
        .oneOf("auto", "classification", "regression")
        .optional("rounds", INT, 300, "The most rounds of boosting")
        .optional("earlyStopping", INT, 30, "Stop after so many rounds without a better score")
        .optional("validation", DOUBLE, 0.2, "The share of the rows held out to watch")
        .optional("learningRate", DOUBLE, 0.05, "The weight of each round")
        .optional("maxDepth", INT, 5, "The depth of a tree")
        .optional("minChildWeight", DOUBLE, 1.0, "The least weight in a leaf")
        .optional("subsample", DOUBLE, 0.8, "The share of the rows each tree sees")
        .optional("columnSample", DOUBLE, 0.6, "The share of the columns each tree sees")
        .optional("lambda", DOUBLE, 1.0, "L2 regularisation")
        .optional("seed", INT, 42, "Decides what is left to chance")
        .optional("onnx", BOOL, false, "Put model.onnx into the model's folder too")
        .optional("threads", INT, 1, "Native threads")
        .gives("model", MODEL)
        .gives("task", STRING)
        .gives("bestScore", DOUBLE);
    define("pipewright/automl@v1", "Searches for the best ensemble of models for a table")
        .inItsOwnProcess()
        .required("train", DATASET, "The rows to learn from: CSV, Parquet or JSON lines")
        .required("target", STRING, "The column to predict")
        .optional("task", STRING, "auto", "auto, classification or regression")
        .oneOf("auto", "classification", "binary", "multiclass", "regression")
        .optional(
            "metric",
            STRING,
            "auto",
            "auc, logLoss, accuracy, balancedAccuracy, f1, rmse, mae, rmsle, r2; auto: auc of two"
                + " classes, logLoss of more, rmse")
        .oneOf(
            "auto",
            "auc",
            "logLoss",
            "accuracy",
            "balancedAccuracy",
            "f1",
            "rmse",
            "mae",
            "rmsle",
            "r2")
        .optional("budget", STRING, "60s", "The time that all of it may take: 30s, 5m, 1h")
        .optional(
            "trials", INT, 0, "The most models to try, for a result that the seed alone decides")
        .optional("folds", INT, 0, "Folds to judge by; 0 for as many as rows and time allow")
        .optional("group", STRING, null, "A column whose rows with one value stay in one fold")
        .optional("time", STRING, null, "A column to order by: the past then predicts the future")
        .optional(
            "types",
            STRING,
            null,
            "Columns' kinds where they are not what they look like: `zip: category, opened: date`")
        .optional("ignore", STRING, null, "Columns not to learn from, by commas")
        .optional(
            "models",
            STRING,
            null,
            "linear, lightgbm, xgboost, forest, neighbours, network; all unless given")
        .optional(
            "refit",
            BOOL,
            null,
            "Fit trees and neighbours once more on all rows: predicts many times faster, at times a little"
                + " worse; true with `time`, else false")
        .optional("workers", INT, 0, "Processes side by side; 0 for the cores there are")
        .optional("seed", INT, 42, "Decides what is left to chance")
        .optional(
            "onnx",
            BOOL,
            false,
            "Put model.onnx into the model's folder too; only models that can be are tried")
        .gives("model", MODEL)
        .gives("task", STRING)
        .gives("metric", STRING)
        .gives("score", DOUBLE)
        .gives("trials", INT)
        .gives("leaderboard", ARTIFACT)
        .mayGive(DOUBLE, "baseline");
    define("pipewright/anomalies@v1", "Finds the rows of a table that are unlike the others")
        .inItsOwnProcess()
        .required("train", DATASET, "The rows: CSV, Parquet or JSON lines")
        .optional("ignore", STRING, null, "Columns not to look at, by commas")
        .optional("share", DOUBLE, 0.01, "The share of the rows that are expected to be anomalies")
        .optional("trees", INT, 100, "Trees of the forest")
        .optional("sample", INT, 256, "Rows that each tree is grown from")
        .optional("seed", INT, 42, "Decides what is left to chance")
        .gives("model", MODEL)
        .gives("threshold", DOUBLE)
        .gives("anomalies", INT)
        .gives("page", ARTIFACT);
    define("pipewright/clusters@v1", "Groups the rows of a table that are alike")
        .inItsOwnProcess()
        .required("train", DATASET, "The rows: CSV, Parquet or JSON lines")
        .optional("ignore", STRING, null, "Columns not to look at, by commas")
        .optional("k", INT, 0, "How many clusters; 0 for the best number from 2 to 10")
        .optional("starts", INT, 10, "How often it begins anew, to keep the best")
        .optional("seed", INT, 42, "Decides what is left to chance")
        .gives("model", MODEL)
        .gives("k", INT)
        .gives("silhouette", DOUBLE)
        .gives("page", ARTIFACT);
    define("pipewright/train@v1", "Trains a neural network, from scratch or on from a model")
        .inItsOwnProcess()
        .required("train", DATASET, "A table, a folder of images for each class, or text files")
        .optional(
            "architecture",
            STRING,
            null,
            "mlp, cnn, lstm, gru, transformer, gpt or recommender; that of `from` by default")
        .oneOf("mlp", "cnn", "lstm", "gru", "transformer", "gpt", "recommender")
        .optional("target", STRING, null, "The column to predict; not for gpt and recommender")
        .optional("task", STRING, "auto", "auto, classification or regression")
        .oneOf("auto", "classification", "regression")
        .optional("text", STRING, null, "The column of texts, for transformer, lstm and gru")
        .optional(
            "sequence", STRING, null, "The column that tells sequences apart, for lstm and gru")
        .optional("user", STRING, "user", "The column of users, for recommender")
        .optional("item", STRING, "item", "The column of items, for recommender")
        .optional("from", MODEL, null, "A model of this task to go on from")
        .optional(
            "weights",
            DATASET,
            null,
            "A safetensors file of another library to begin with, for the `architecture` given")
        .optional(
            "weightNames",
            JSON,
            null,
            "Its arrays' names as the network's: {`fc1.*`: `01Linear_*`}; the same if not given")
        .optional(
            "freeze", INT, 0, "Epochs in which only the head learns, the rest as it was given")
        .optional("unfrozenRate", DOUBLE, 0.1, "The rate of the rest afterwards, as a share")
        .optional("epochs", INT, 10, "How often it goes through the data at most")
        .optional("budget", STRING, null, "Ends after so long, such as 90s, 10m or 2h")
        .optional("batch", INT, 64, "Examples that go through at once")
        .optional("accumulate", INT, 1, "Batches that come together in one step")
        .optional("learningRate", DOUBLE, 0.001, "The highest learning rate")
        .optional("findLearningRate", BOOL, false, "Look for the learning rate first instead")
        .optional("optimizer", STRING, "adamw", "adam, adamw or sgd")
        .oneOf("adam", "adamw", "sgd")
        .optional("schedule", STRING, "cosine", "constant, cosine, step or one-cycle")
        .oneOf("constant", "cosine", "step", "one-cycle")
        .optional("warmup", DOUBLE, 0.05, "The share of the steps in which the rate rises")
        .optional("weightDecay", DOUBLE, 0.01, "How much the weights are drawn towards 0")
        .optional("clip", DOUBLE, 1.0, "The largest norm of a gradient; 0 for any")
        .optional("validation", DOUBLE, 0.2, "The share of the examples held out to watch")
        .optional(
            "earlyStopping", INT, 5, "Stop after so many epochs without a better one; 0 for never")
        .optional(
            "checkpointEvery",
            INT,
            0,
            "Steps between checkpoints, beside one each epoch and five minutes; 0 for no more")
        .optional("seed", INT, 42, "Decides what is left to chance")
        .optional("dropout", DOUBLE, 0.1, "The share of numbers left out while learning")
        .optional("hidden", STRING, "128,64", "Neurons of each layer, for mlp")
        .optional("filters", STRING, "16,32", "Filters of each convolution, for cnn")
        .optional("imageSize", INT, 32, "The side to which image files are scaled, for cnn")
        .optional("channels", INT, 1, "1 for grey, 3 for colours, for cnn")
        .optional("width", INT, 64, "Numbers for a token, step, user or item")
        .optional("layers", INT, 2, "Layers of lstm, gru, transformer and gpt")
        .optional("heads", INT, 4, "Heads of attention, for transformer and gpt")
        .optional("length", INT, 64, "Tokens or steps that are looked at")
        .optional("vocabulary", INT, 2000, "The most tokens that texts are cut into")
        .optional(
            "precision",
            STRING,
            "float32",
            "float32 or float16; the latter for transformer, gpt and recommender")
        .oneOf("float32", "float16")
        .optional("prompt", STRING, null, "What a sample of gpt begins with")
        .optional("sample", INT, 100, "Tokens of that sample")
        .optional("onnx", BOOL, false, "Put model.onnx into the model's folder too")
        .gives("model", MODEL)
        .gives("report", ARTIFACT)
        .gives("page", ARTIFACT)
        .gives("metric", STRING)
        .gives("bestScore", DOUBLE)
        .gives("epochs", INT)
        .mayGive(DOUBLE, "accuracy", "rmse", "perplexity", "ndcg", "recall");
    define("pipewright/evaluate@v1", "Measures a model on rows it has not seen")
        .inItsOwnProcess()
        .required("model", MODEL, "The model")
        .required("data", DATASET, "The rows to judge by")
        .optional("threshold", DOUBLE, 0.5, "From what probability on a row counts as positive")
        .optional(
            "costs", JSON, null, "What decisions cost: {falsePositive: 5, falseNegative: 100}")
        .optional("profits", JSON, null, "What decisions earn, in place of costs")
        .optional("currency", STRING, null, "Of the costs or profits, for people")
        .optional("amount", STRING, null, "The column that parts of costs or profits refer to")
        .optional("atRecall", DOUBLE, 0.9, "The recall to tell the precision at")
        .optional("atPrecision", DOUBLE, 0.9, "The precision to tell the recall at")
        .optional(
            "quantile",
            DOUBLE,
            null,
            "The quantile that a regression predicts, for its pinball loss")
        .optional(
            "slices", JSON, null, "Columns by whose values to measure separately: [region, age]")
        .optional("groups", JSON, null, "Columns between whose values the model is to be fair")
        .optional(
            "favourable",
            STRING,
            null,
            "The class that is good to be taken for; else the positive one")
        .optional(
            "shuffles",
            INT,
            5,
            "How often each column is shuffled to see what it is worth; 0 for never")
        .optional("explain", BOOL, true, "Say what the model looks at")
        .optional("resamples", INT, 1000, "Resamples for the intervals; 0 for none")
        .optional("seed", INT, 42, "Decides what is left to chance")
        .gives("report", ARTIFACT)
        .gives("page", ARTIFACT)
        .gives("score", DOUBLE)
        .gives("baseline", DOUBLE)
        .mayGive(
            DOUBLE,
            "scoreLow",
            "scoreHigh",
            "accuracy",
            "balancedAccuracy",
            "precision",
            "recall",
            "specificity",
            "f1",
            "macroPrecision",
            "macroRecall",
            "macroF1",
            "weightedF1",
            "mcc",
            "kappa",
            "logLoss",
            "brier",
            "calibrationError",
            "auc",
            "averagePrecision",
            "ks",
            "precisionAtRecall",
            "recallAtPrecision",
            "threshold",
            "cost",
            "profit",
            "worstSlice",
            "disparateImpact",
            "demographicParityDifference",
            "equalOpportunityDifference",
            "equalisedOddsDifference",
            "rmse",
            "mae",
            "r2",
            "mse",
            "mape",
            "rmsle",
            "medianError",
            "maxError",
            "explainedVariance",
            "bias",
            "pinball");
    define("pipewright/compare@v1", "Tests whether a model is better than another on the same rows")
        .inItsOwnProcess()
        .required("champion", MODEL, "The model that is there")
        .required("challenger", MODEL, "The model that may take its place")
        .required("data", DATASET, "The rows to judge by, which neither has seen")
        .optional("metric", STRING, null, "The measure that decides; else auc, accuracy or r2")
        .optional("margin", DOUBLE, 0.0, "By how much the challenger must be better at least")
        .optional("alpha", DOUBLE, 0.05, "How often chance may be taken for a difference")
        .optional("resamples", INT, 1000, "Resamples for the interval")
        .optional("seed", INT, 42, "Decides what is left to chance")
        .gives("report", ARTIFACT)
        .gives("page", ARTIFACT)
        .gives("better", BOOL)
        .gives("difference", DOUBLE)
        .gives("low", DOUBLE)
        .gives("high", DOUBLE)
        .gives("pValue", DOUBLE)
        .gives("metric", STRING)
        .gives("champion", DOUBLE)
        .gives("challenger", DOUBLE);
    define("pipewright/validate-data@v1", "Checks a table against what is expected of it")
        .inItsOwnProcess()
        .required("data", DATASET, "The table")
        .optional("expectations", JSON, null, "What is expected, as a map")
        .optional(
            "expectationsFile", ARTIFACT, null, "The same as a YAML or JSON file, in its place")
        .optional("reference", DATASET, null, "A table of earlier rows, to see what has drifted")
        .optional("onViolation", STRING, "fail", "fail or report")
        .oneOf("fail", "report")
        .optional("infer", BOOL, false, "Only write down what could be expected of such a table")
        .gives("report", ARTIFACT)
        .gives("page", ARTIFACT)
        .gives("valid", BOOL)
        .gives("violations", INT)
        .gives("rows", INT)
        .mayGive(ARTIFACT, "schema");
    define("pipewright/predict@v1", "Predicts each row of a table")
        .inItsOwnProcess()
        .required("model", MODEL, "The model")
        .required("data", DATASET, "The rows to predict: CSV, Parquet or JSON lines")
        .optional("keep", STRING, "*", "Columns to take over, by commas; * for all")
        .optional("format", STRING, null, "csv or parquet; that of the data unless given")
        .oneOf("csv", "parquet")
        .gives("predictions", DATASET)
        .gives("rows", INT);
    define("pipewright/query@v1", "What a query of a database finds, as a table", true)
        .required("query", STRING, "The query, in the database's SQL")
        .optional("url", STRING, null, "The database, where no variable DATABASE_URL names it")
        .optional("format", STRING, "parquet", "parquet or csv")
        .oneOf("csv", "parquet")
        .gives("table", DATASET)
        .gives("rows", INT);
    define("pipewright/load@v1", "Writes a table into a database, all rows or none", true)
        .required("data", DATASET, "The rows: CSV, Parquet or JSON lines")
        .required("table", STRING, "The table to write to; it is made where it is not there")
        .optional("url", STRING, null, "The database, where no variable DATABASE_URL names it")
        .optional(
            "mode",
            STRING,
            "replace",
            "replace all rows, append these once, or upsert them by their key")
        .oneOf("replace", "append", "upsert")
        .optional("key", STRING, null, "The columns that tell rows apart, by commas")
        .gives("rows", INT);
    define(
            "pipewright/register@v1",
            "Makes a model the next version of a name in the catalog",
            true)
        .required("model", MODEL, "The model")
        .required("name", STRING, "The name to register it under")
        .optional("alias", STRING, null, "An alias to set on the new version")
        .gives("version", INT)
        .gives("name", STRING);
    define("pipewright/noop@v1", "Does nothing; for trying out")
        .optional("seconds", DOUBLE, 0.0, "How long it does nothing");
    ALL.replaceAll((_, task) ->
        new Signature(
            task.uses(),
            task.description(),
            task.impure(),
            Collections.unmodifiableSequencedMap(task.inputs()),
            Collections.unmodifiableMap(task.outputs()),
            task.isolated()));
  }

  private BuiltinTasks() {}

  /// What a task takes and gives.
  ///
  /// @param impure whether it does something beside its outputs
  /// @param isolated whether it gets a process of its own
  public record Signature(
      String uses,
      String description,
      boolean impure,
      SequencedMap<String, Input> inputs,
      Map<String, TaskLaunch.Output> outputs,
      boolean isolated) {
    /// Uses native code or much memory: it gets a process of its own, which may die alone.
    Signature inItsOwnProcess() {
      var isolated = new Signature(uses, description, impure, inputs, outputs, true);
      ALL.put(uses, isolated);
      return isolated;
    }

    Signature required(String name, ValueType type, String text) {
      inputs.put(name, new Input(type, true, null, text, List.of()));
      return this;
    }

    Signature optional(String name, ValueType type, @Nullable Object otherwise, String text) {
      var node = otherwise == null ? null : Json.MAPPER.<JsonNode>valueToTree(otherwise);
      inputs.put(name, new Input(type, false, node, text, List.of()));
      return this;
    }

    /// All that the newest input may be.
    Signature oneOf(String... values) {
      var newest = inputs.lastEntry();
      var input = newest.getValue();
      inputs.put(
          newest.getKey(),
          new Input(
              input.type, input.required, input.defaultValue, input.description, List.of(values)));
      return this;
    }

    Signature gives(String name, ValueType type) {
      outputs.put(name, new TaskLaunch.Output(type, null, true));
      return this;
    }

    Signature mayGive(ValueType type, String... names) {
      for (var name : names) {
        outputs.put(name, new TaskLaunch.Output(type, null, false));
      }
      return this;
    }
  }

  /// @param defaultValue null where there is none
  /// @param choices all texts that it may be; none where it may be any
  public record Input(
      ValueType type,
      boolean required,
      @Nullable JsonNode defaultValue,
      String description,
      List<String> choices) {}

  /// All tasks by their names, each with its version.
  public static Map<String, Signature> all() {
    return Collections.unmodifiableMap(ALL);
  }

  /// The task of this name.
  public static Optional<Signature> find(String uses) {
    return Optional.ofNullable(ALL.get(uses));
  }

  private static Signature define(String uses, String description) {
    return define(uses, description, false);
  }

  private static Signature define(String uses, String description, boolean impure) {
    var signature =
        new Signature(
            uses, description, impure, new LinkedHashMap<>(), new LinkedHashMap<>(), false);
    ALL.put(uses, signature);
    return signature;
  }
}
