package dev.pipewright.tabular.unlabelled;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Frames;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;

/// A made-up table of flowers, and what scikit-learn says of it.
final class Reference {
  private Reference() {}

  static Path flowers() {
    return resource("flowers.csv");
  }

  static Frame table() throws IOException {
    return Frames.read(flowers(), "flowers");
  }

  static double[][] rows() throws IOException {
    return Columns.find(table(), "", Coded.Measure::of, Coded.Levels::of).encode(table());
  }

  static JsonNode said() throws IOException {
    return Json.MAPPER.readTree(resource("scikit-learn.json").toFile());
  }

  private static Path resource(String name) {
    try {
      return Path.of(Reference.class.getResource("/unlabelled/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
