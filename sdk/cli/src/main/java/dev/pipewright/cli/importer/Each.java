package dev.pipewright.cli.importer;

import com.fasterxml.jackson.databind.JsonNode;

/// Takes things one by one, so that there need never be all of them in memory.
@FunctionalInterface
interface Each {
  void take(JsonNode item) throws Refused;
}
