package dev.pipewright.tabular.automl;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.ModelCard;
import dev.pipewright.tabular.Predictor;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.onnx.Answers;
import dev.pipewright.tabular.onnx.Graph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/// The weighted mean of an ensemble's members, each of them the mean of its folds' models.
public sealed class AutomlModel implements Predictor permits ExplainedModel {
  public static final String FLAVOR = "automl";
  static final int FORMAT = 1;
  static final String FILE = "automl.json";
  private static final int BLOCK = 4_096;

  private final ModelCard card;
  final Manifest manifest;
  final Map<String, Encoder> encoders;
  final List<List<Fitted>> models;
  private final List<Group> groups;

  AutomlModel(
      ModelCard card, Manifest manifest, Map<String, Encoder> encoders, List<List<Fitted>> models) {
    this.card = card;
    this.manifest = manifest;
    this.encoders = encoders;
    this.models = models;
    this.groups = groups();
  }

  /// `automl.json`
  ///
  /// @param logarithmic whether the members predict `log(1 + y)`
  record Manifest(
      int format, Goal goal, List<Member> members, Calibration calibration, boolean logarithmic) {}

  /// @param weight of the ensemble's 1
  record Member(Config config, double weight, List<Part> parts) {}

  /// @param encoder a file of `encoders/` without its extension
  /// @param model a file of `models/` without its extension
  record Part(String encoder, String model) {}

  /// Writes the ensemble of a search.
  ///
  /// @param weights of the members, by trial
  /// @param refitted those whose folds' models one of all rows takes the place of
  /// @param once whether of the others those of one folding are enough
  static void write(
      Path folder,
      Plan plan,
      Map<Integer, Double> weights,
      Set<Integer> refitted,
      boolean once,
      List<Trial> trials,
      Calibration calibration,
      boolean logarithmic)
      throws IOException {
    Files.createDirectories(folder.resolve("encoders"));
    Files.createDirectories(folder.resolve("models"));
    var members = new ArrayList<Member>();
    for (var trial : trials) {
      var weight = weights.get(trial.number());
      if (weight == null) {
        continue;
      }
      var parts = new ArrayList<Part>();
      if (refitted.contains(trial.number())) {
        parts.add(part(folder, plan, trial, Refit.REPEAT, 0));
      } else {
        for (int repeat = 0; repeat < (once ? 1 : trial.repeats()); repeat++) {
          // In time, only the last fold has learned from all but the newest rows.
          int first = plan.head().ordered() ? plan.head().folds() - 1 : 0;
          for (int fold = first; fold < plan.head().folds(); fold++) {
            parts.add(part(folder, plan, trial, repeat, fold));
          }
        }
      }
      members.add(new Member(trial.config(), weight, parts));
    }
    Files.writeString(
        folder.resolve(FILE),
        Json.MAPPER
                .writerWithDefaultPrettyPrinter()
                .writeValueAsString(
                    new Manifest(FORMAT, plan.goal(), members, calibration, logarithmic))
            + "\n");
  }

  private static Part part(Path folder, Plan plan, Trial trial, int repeat, int fold)
      throws IOException {
    var encoder = Plan.encoderKey(trial.config().encoding(), repeat, fold);
    var to = folder.resolve("encoders").resolve(encoder + ".json");
    if (!Files.exists(to)) {
      Files.copy(plan.encoder(encoder), to);
    }
    var model = "%d-%d-%d".formatted(trial.number(), repeat, fold);
    copyModel(plan.model(trial.number(), repeat, fold), folder.resolve("models"), model);
    return new Part(encoder, model);
  }

  /// Each family adds an extension of its own.
  private static void copyModel(Path model, Path folder, String name) throws IOException {
    var start = model.getFileName() + ".";
    try (var files = Files.list(model.getParent())) {
      for (var file : files.toList()) {
        var own = file.getFileName().toString();
        if (own.startsWith(start)) {
          Files.copy(file, folder.resolve(name + own.substring(start.length() - 1)));
        }
      }
    }
  }

  /// @throws ProblemException MODEL_UNREADABLE or LIBRARY_MISSING
  public static AutomlModel open(Path folder, ModelCard card) throws IOException {
    Manifest manifest;
    try {
      var tree = Json.MAPPER.readTree(folder.resolve(FILE).toFile());
      if (tree.path("format").asInt() != FORMAT) {
        throw unreadable(
            "%s has format %d; this version reads %d"
                .formatted(FILE, tree.path("format").asInt(), FORMAT));
      }
      manifest = Json.MAPPER.treeToValue(tree, Manifest.class);
    } catch (JsonProcessingException e) {
      throw unreadable("%s: %s".formatted(FILE, e.getOriginalMessage()));
    } catch (NoSuchFileException | java.io.FileNotFoundException _) {
      throw unreadable("the model has no " + FILE);
    }
    var encoders = new HashMap<String, Encoder>();
    var models = new ArrayList<List<Fitted>>();
    try {
      for (var member : manifest.members()) {
        var own = new ArrayList<Fitted>();
        models.add(own);
        for (var part : member.parts()) {
          if (!encoders.containsKey(part.encoder())) {
            var file = folder.resolve("encoders").resolve(part.encoder() + ".json");
            encoders.put(part.encoder(), Json.MAPPER.readValue(file.toFile(), Encoder.class));
          }
          var fitted =
              member
                  .config()
                  .family()
                  .learner()
                  .load(
                      folder.resolve("models").resolve(part.model()),
                      Logarithm.inner(member.config()),
                      manifest.goal());
          own.add(Logarithm.over(fitted, member.config()));
        }
      }
    } catch (IOException e) {
      models.forEach(own -> own.forEach(Fitted::close));
      var problem = unreadable("a part of it cannot be read: " + e.getMessage());
      problem.initCause(e);
      throw problem;
    }
    boolean explained =
        models.stream().flatMap(List::stream).anyMatch(FittedTrees.class::isInstance);
    return explained
        ? new ExplainedModel(card, manifest, encoders, models)
        : new AutomlModel(card, manifest, encoders, models);
  }

  private static ProblemException unreadable(String detail) {
    return new ProblemException(ProblemCode.MODEL_UNREADABLE, detail);
  }

  @Override
  public ModelCard card() {
    return card;
  }

  @Override
  public double[][] predict(Frame frame) {
    var out = new double[frame.rows()][];
    for (int from = 0; from < frame.rows(); from += BLOCK) {
      int to = Math.min(frame.rows(), from + BLOCK);
      var rows = IntStream.range(from, to).toArray();
      var values = manifest.calibration().apply(blend(frame, rows), manifest.goal());
      int outputs = manifest.goal().outputs();
      for (int i = 0; i < rows.length; i++) {
        out[from + i] =
            switch (manifest.goal().kind()) {
              case BINARY -> new double[] {1 - values[i], values[i]};
              case REGRESSION ->
                  new double[] {manifest.logarithmic() ? Math.expm1(values[i]) : values[i]};
              case MULTICLASS ->
                  java.util.Arrays.copyOfRange(values, i * outputs, (i + 1) * outputs);
            };
      }
    }
    return out;
  }

  /// The parts that share an encoder, and their weights.
  private record Group(Encoder encoder, List<Fitted> models, List<Double> weights) {}

  private List<Group> groups() {
    var groups = new LinkedHashMap<String, Group>();
    for (int m = 0; m < models.size(); m++) {
      var member = manifest.members().get(m);
      for (int p = 0; p < member.parts().size(); p++) {
        var group =
            groups.computeIfAbsent(
                member.parts().get(p).encoder(),
                key -> new Group(encoders.get(key), new ArrayList<>(), new ArrayList<>()));
        group.models.add(models.get(m).get(p));
        group.weights.add(member.weight() / member.parts().size());
      }
    }
    return List.copyOf(groups.values());
  }

  /// Side by side on the cores there are. The sums are added up in their order, so that the same
  /// rows get the same numbers each time.
  private double[] blend(Frame frame, int[] rows) {
    var sums =
        groups.parallelStream()
            .map(group -> {
              var matrix = group.encoder.encode(frame, rows);
              var sum = new double[rows.length * manifest.goal().outputs()];
              for (int m = 0; m < group.models.size(); m++) {
                double weight = group.weights.get(m);
                var own = group.models.get(m).predict(matrix);
                for (int i = 0; i < sum.length; i++) {
                  sum[i] += weight * own[i];
                }
              }
              return sum;
            })
            .toList();
    var total = new double[rows.length * manifest.goal().outputs()];
    for (var sum : sums) {
      for (int i = 0; i < total.length; i++) {
        total[i] += sum[i];
      }
    }
    return total;
  }

  /// The whole of it, from a table's columns to the predictions, as one graph.
  ///
  /// @throws ProblemException ONNX_UNSUPPORTED
  Graph export() {
    var graph = new Graph("automl");
    var encoding = new EncoderGraph(graph);
    var encoded = new HashMap<String, String>();
    var weighted = new ArrayList<String>();
    for (int m = 0; m < models.size(); m++) {
      var member = manifest.members().get(m);
      double weight = member.weight() / member.parts().size();
      for (int p = 0; p < member.parts().size(); p++) {
        var matrix =
            encoded.computeIfAbsent(
                member.parts().get(p).encoder(), key -> encoding.over(encoders.get(key)));
        var said = models.get(m).get(p).export(graph, matrix);
        weighted.add(graph.op("Mul", said, graph.exact(weight)));
      }
    }
    var blended = graph.op("Sum", weighted.toArray(String[]::new));
    var goal = manifest.goal();
    var calibrated = manifest.calibration().export(graph, blended, goal);
    var classes = card.target().classes();
    switch (goal.kind()) {
      case BINARY -> Answers.classes(graph, classes, Answers.both(graph, calibrated));
      case MULTICLASS -> Answers.classes(graph, classes, calibrated);
      case REGRESSION ->
          Answers.number(
              graph,
              manifest.logarithmic()
                  ? graph.op("Sub", graph.op("Exp", calibrated), graph.exact(1))
                  : calibrated);
    }
    return graph;
  }

  @Override
  public void close() {
    models.forEach(own -> own.forEach(Fitted::close));
  }
}
