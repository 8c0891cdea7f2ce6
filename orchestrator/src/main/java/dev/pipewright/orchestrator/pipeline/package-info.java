/// Pipelines and their immutable versions.
@NullMarked
package dev.pipewright.orchestrator.pipeline;

import org.jspecify.annotations.NullMarked;
