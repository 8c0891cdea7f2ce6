/// Brings in what other trackers hold. Everything is written over the MLflow protocol, so that an
/// import can do nothing that a training could not.
@NullMarked
package dev.pipewright.cli.importer;

import org.jspecify.annotations.NullMarked;
