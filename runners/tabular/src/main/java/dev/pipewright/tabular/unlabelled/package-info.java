/// Learning from tables without a target: rows that stand out (`anomalies`) and groups of rows that
/// are alike (`clusters`).
@NullMarked
package dev.pipewright.tabular.unlabelled;

import org.jspecify.annotations.NullMarked;
