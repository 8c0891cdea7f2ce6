@NullMarked
package dev.pipewright.cli.importer;

import org.jspecify.annotations.NullMarked;
