/// The pipeline language: reads a pipeline written in YAML, checks all of it at once, and evaluates
/// its expressions.
///
/// [dev.pipewright.language.PipelineLanguage] is the door. `docs/reference/pipeline-language.md`
/// describes the language.
@NullMarked
package dev.pipewright.language;

import org.jspecify.annotations.NullMarked;
