/// Learning from tables: `split`, `xgboost`, `evaluate` and `register`, the built-in tasks for a
/// CSV file with a target column, and a generator of simulated demo data.
@NullMarked
package dev.pipewright.tabular;

import org.jspecify.annotations.NullMarked;
