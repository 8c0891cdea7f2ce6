package dev.pipewright.contract.task;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.pipewright.contract.Digests;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A value that is too large to pass by itself: a dataset, a model or an artifact. It names
/// content-addressed blobs, so it stays true wherever and whenever it is read. This is the JSON
/// that stands for such a value in params, inputs and outputs.
///
/// @param kind what it is
/// @param name a file or folder name for people and for staging, without separators
/// @param digest `sha256:` and 64 hexadecimal digits: of the file, or where there are several, of
///   [#manifest]
/// @param size bytes in all
/// @param files the file, or the files of the folder, sorted by path
/// @param runId the tracked run that made it; null for what came from outside
/// @param modelId the logged model's id (`m-…`); null unless kind is model
@JsonInclude(JsonInclude.Include.NON_NULL)
public record DataRef(
    Kind kind,
    String name,
    String digest,
    long size,
    List<FileRef> files,
    @Nullable String runId,
    @Nullable String modelId) {

  public DataRef {
    files = List.copyOf(files);
  }

  /// The kinds, written in JSON in lower case.
  public enum Kind {
    @JsonProperty("dataset")
    DATASET,
    @JsonProperty("model")
    MODEL,
    @JsonProperty("artifact")
    ARTIFACT
  }

  /// One file.
  ///
  /// @param path relative, with `/` between the parts
  /// @param digest `sha256:` and 64 hexadecimal digits
  /// @param size in bytes
  public record FileRef(String path, String digest, long size) {}

  /// A single file from outside any run.
  public static DataRef file(Kind kind, String name, String digest, long size) {
    return new DataRef(
        kind, name, digest, size, List.of(new FileRef(name, digest, size)), null, null);
  }

  /// The digest of a folder: SHA-256 of its [#manifest]; of a single file, the file's own.
  public static String digestOf(List<FileRef> files) {
    if (files.size() == 1) {
      return files.getFirst().digest();
    }
    return Digests.of(manifest(files));
  }

  /// The canonical list of a folder's files: a line `digest path` for each, sorted by path, each
  /// ended by a line feed.
  static String manifest(List<FileRef> files) {
    var lines = new StringBuilder();
    files.stream()
        .sorted(Comparator.comparing(FileRef::path))
        .forEach(file -> lines.append(file.digest()).append(' ').append(file.path()).append('\n'));
    return lines.toString();
  }
}
