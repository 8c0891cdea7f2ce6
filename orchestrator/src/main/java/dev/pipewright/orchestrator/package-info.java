/// The orchestrator, the control plane: `pool ← pipeline ← run ← {launch, live}`.
@NullMarked
package dev.pipewright.orchestrator;

import org.jspecify.annotations.NullMarked;
