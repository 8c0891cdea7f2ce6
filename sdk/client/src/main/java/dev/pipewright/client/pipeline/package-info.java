/// Writes pipelines in Java: [Pipeline#named] begins one, [Pipeline#toYaml] gives the document,
/// which is the same that a person would write.
///
/// ```java
/// var churn = Pipeline.named("churn")
///     .param("data", dataset())
///     .task("split", uses("pipewright/split@v1").with("data", param("data")).with("target", "churned"))
///     .task("train", uses("pipewright/xgboost@v1")
///         .with("train", output("split", "train")).with("target", "churned"));
/// pipewright.pipelines().apply(churn, Path.of("."));
/// ```
///
/// The builder only refuses what cannot be written down. Everything else (types, names, cycles) is
/// checked when the document is read: by the server, or by `pipewright validate`.
@NullMarked
package dev.pipewright.client.pipeline;

import org.jspecify.annotations.NullMarked;
