/// Search: MLflow's filter language with our extensions, SQL made of it, and runs found with it.
@NullMarked
package dev.pipewright.tracker.search;

import org.jspecify.annotations.NullMarked;
