@NullMarked
package dev.pipewright.cli;

import org.jspecify.annotations.NullMarked;
