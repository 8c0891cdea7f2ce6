/// Pipeline runs: the engine decides, one loop applies, every hop is committed.
@NullMarked
package dev.pipewright.orchestrator.run;

import org.jspecify.annotations.NullMarked;
