@NullMarked
package dev.pipewright.cli.exporter;

import org.jspecify.annotations.NullMarked;
