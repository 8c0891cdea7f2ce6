package dev.pipewright.tabular;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The default settings on real tables. The data lies beside the repository, not in it: without it
/// these tests are skipped.
class RealDataTest {
  @TempDir Path folder;

  @Test
  void german_credit() throws Exception {
    var evaluated = learn("german_credit.csv", "credit_risk");
    assertThat(evaluated.artifact("evaluation.json").get("task").asText()).isEqualTo("binary");
    assertThat(evaluated.last("auc")).isGreaterThanOrEqualTo(0.72);
  }

  @Test
  void iris() throws Exception {
    var evaluated = learn("iris.csv", "species");
    assertThat(evaluated.artifact("evaluation.json").get("task").asText()).isEqualTo("multiclass");
    assertThat(evaluated.last("accuracy")).isGreaterThanOrEqualTo(0.9);
  }

  @Test
  void abalone() throws Exception {
    var evaluated = learn("abalone.csv", "rings");
    assertThat(evaluated.artifact("evaluation.json").get("task").asText()).isEqualTo("regression");
    assertThat(evaluated.last("rmse")).isLessThanOrEqualTo(2.4);
  }

  private FakeContext learn(String file, String target) throws Exception {
    var root = Path.of(System.getProperty("pipewright.root", "."));
    var data = root.resolve("../shared/data").resolve(file).normalize();
    assumeThat(Files.isRegularFile(data)).as("%s is there", data).isTrue();
    return Flow.learn(folder, data, target).evaluate();
  }
}
