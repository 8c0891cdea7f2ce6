package dev.pipewright.contract.api;

import dev.pipewright.contract.task.DataRef;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Stores a pipeline version. Applying what is already the latest version changes nothing and
/// answers that version.
///
/// @param source the YAML document
/// @param files the files that tasks list under `files`, uploaded before with `PUT
///   /api/v1/blobs/{digest}`; null for none
public record ApplyPipeline(String source, @Nullable List<DataRef.FileRef> files) {}
