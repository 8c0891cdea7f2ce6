/// Traces of applications: their spans as OpenTelemetry sends them, and the assessments of them.
@NullMarked
package dev.pipewright.tracker.trace;

import org.jspecify.annotations.NullMarked;
