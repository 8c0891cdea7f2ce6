package dev.pipewright.language;

/// Where in the document something is.
///
/// @param line from 1
/// @param column from 1
record Place(int line, int column) {}
