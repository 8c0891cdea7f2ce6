package dev.pipewright.cli.importer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileStoreSourceTest {
  @TempDir private Path root = Path.of("");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "5 0.5 | {'key':'m','timestamp':5,'value':0.5,'step':0}",
        "5 1e-05 7 | {'key':'m','timestamp':5,'value':1.0E-5,'step':7}",
        "5 nan 7 | {'key':'m','timestamp':5,'value':'NaN','step':7}",
        "5 -inf 7 | {'key':'m','timestamp':5,'value':'-Infinity','step':7}",
        "5 1 7 d 9a | {'key':'m','timestamp':5,'value':1.0,'step':7,'dataset_name':'d',"
            + "'dataset_digest':'9a'}",
      })
  void readsAPoint(String line, String point) throws IOException, Refused {
    var points = new ArrayList<String>();
    write("1/r/metrics/m", line + "\n");
    source().points(run(), "m", read -> points.add(read.toString().replace('"', '\'')));
    assertThat(points).containsExactly(point);
  }

  @ParameterizedTest
  @CsvSource({"5", "5 x", "x 5", "5 5 5 5 5 5 5"})
  void saysWhereALineIsDamaged(String line) throws IOException {
    write("1/r/metrics/m", "1 1 1\n" + line + "\n");
    assertThatThrownBy(() -> source().points(run(), "m", _ -> {}))
        .isInstanceOf(Refused.class)
        .hasMessageContaining("m, line 2");
  }

  @Test
  void leavesOutOnlyTheRunThatIsDamaged() throws IOException, Refused {
    write("1/meta.yaml", "experiment_id: '1'\nname: shop\nlifecycle_stage: active\n");
    write("1/good/meta.yaml", "run_id: good\nstatus: 3\nstart_time: 5\n");
    write("1/good/params/nested/depth", "3");
    write("1/bad/meta.yaml", "a: b: c");
    var skipped = new ArrayList<String>();
    var experiment = source().experiments().getFirst();
    var runs = source().runs(experiment, (thing, _) -> skipped.add(thing));
    assertThat(skipped).containsExactly("run bad");
    assertThat(runs).hasSize(1);
    assertThat(runs.getFirst().at("/info/status").asText()).isEqualTo("FINISHED");
    assertThat(runs.getFirst().at("/data/params").toString())
        .isEqualTo("[{\"key\":\"nested/depth\",\"value\":\"3\"}]");
  }

  private FileStoreSource source() {
    return new FileStoreSource(root);
  }

  private static JsonNode run() {
    var run = Json.MAPPER.createObjectNode();
    run.putObject("info").put("experiment_id", "1").put("run_id", "r");
    return run;
  }

  private void write(String path, String text) throws IOException {
    var file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
