/// The tracker: experiments, runs, metrics, artifacts, models. `experiment ← run ← {metric,
/// artifact} ← model`, with `ingest` and `live` on top.
@NullMarked
package dev.pipewright.tracker;

import org.jspecify.annotations.NullMarked;
