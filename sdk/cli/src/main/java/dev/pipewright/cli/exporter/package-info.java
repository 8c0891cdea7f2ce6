/// Writes runs as tables for pandas, DuckDB and spreadsheets.
@NullMarked
package dev.pipewright.cli.exporter;

import org.jspecify.annotations.NullMarked;
