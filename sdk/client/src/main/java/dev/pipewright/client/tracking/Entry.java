package dev.pipewright.client.tracking;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is logged, one thing each, in the order of the calls. Points have a form of their own in
/// the spool, for there are millions of them; the others are JSON there.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "entry")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Entry.Started.class, name = "started"),
  @JsonSubTypes.Type(value = Entry.Open.class, name = "open"),
  @JsonSubTypes.Type(value = Entry.Param.class, name = "param"),
  @JsonSubTypes.Type(value = Entry.Tag.class, name = "tag"),
  @JsonSubTypes.Type(value = Entry.Artifact.class, name = "artifact"),
  @JsonSubTypes.Type(value = Entry.ModelStarted.class, name = "modelStarted"),
  @JsonSubTypes.Type(value = Entry.ModelFile.class, name = "modelFile"),
  @JsonSubTypes.Type(value = Entry.ModelEnded.class, name = "modelEnded"),
  @JsonSubTypes.Type(value = Entry.Ended.class, name = "ended"),
})
sealed interface Entry {
  record Started(
      String run,
      String experiment,
      String name,
      @Nullable String parent,
      long at,
      Map<String, String> tags)
      implements Entry {}

  /// A run goes on in this segment of the spool: whoever finds only this one knows of it.
  record Open(String run) implements Entry {}

  record Point(String run, String key, long step, long at, double value) implements Entry {}

  record Param(String run, String key, String value) implements Entry {}

  record Tag(String run, String key, String value) implements Entry {}

  /// @param copy the name of the spool's own copy of the file
  record Artifact(String run, String copy, String path) implements Entry {}

  record ModelStarted(String run, String model, String name, String type) implements Entry {}

  record ModelFile(String model, String copy, String path) implements Entry {}

  record ModelEnded(String run, String model) implements Entry {}

  record Ended(String run, String status, long at) implements Entry {}
}
