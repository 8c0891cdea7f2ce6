/// The command line: `pipewright up`, `down`, `status`, `demo`, `run`.
@NullMarked
package dev.pipewright.cli;

import org.jspecify.annotations.NullMarked;
