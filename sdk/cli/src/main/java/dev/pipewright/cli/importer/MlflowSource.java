package dev.pipewright.cli.importer;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;

/// Where runs come from. Everything has the form in which MLflow's protocol says it.
interface MlflowSource extends AutoCloseable {
  /// Deleted ones too.
  List<JsonNode> experiments() throws Refused;

  /// The runs of an experiment from the oldest on, deleted ones too. What cannot be read is told to
  /// `skipped`.
  List<JsonNode> runs(JsonNode experiment, Skipped skipped) throws Refused;

  /// Every point of one of a run's metrics.
  void points(JsonNode run, String key, Each each) throws Refused;

  List<JsonNode> loggedModels(JsonNode experiment, Skipped skipped) throws Refused;

  List<JsonNode> registeredModels(Skipped skipped) throws Refused;

  /// The versions of a registered model from the oldest on.
  List<JsonNode> versions(JsonNode model, Skipped skipped) throws Refused;

  /// The paths of the files of a run or logged model.
  List<String> files(Owner owner) throws Refused;

  /// A file's content on this machine.
  ///
  /// @param temporary a file to put it into, if it has to be fetched
  Path file(Owner owner, String path, Path temporary) throws Refused;

  @Override
  void close();

  /// What has files.
  ///
  /// @param root where the source says that they are
  record Owner(boolean model, String id, String root) {}

  /// Takes what could not be imported.
  @FunctionalInterface
  interface Skipped {
    void add(String thing, String reason);
  }
}
