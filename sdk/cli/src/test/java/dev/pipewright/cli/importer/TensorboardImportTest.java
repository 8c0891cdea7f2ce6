package dev.pipewright.cli.importer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TensorboardImportTest {
  @ParameterizedTest
  @CsvSource({
    "loss, loss",
    "Loss/train, Loss/train",
    "top@5 (val), top_5 _val_",
    "größe, größe",
    "/a//b/, a/b",
    "../a/., _/a/_",
    "' ', ''",
  })
  void namesAMetricAfterItsTag(String tag, String key) {
    assertThat(TensorboardImport.key(tag)).isEqualTo(key);
  }

  @ParameterizedTest
  @CsvSource({
    "logs/e1, logs",
    "e1, ''",
    "logs/train/e1 logs/validation/e2, logs",
    "logs/e1 logs/train/e2, logs",
    "a/e1 b/e2, ''",
    "ab/e1 ac/e2, ''",
  })
  void findsTheFolderOfAllFiles(String files, String folder) {
    assertThat(TensorboardImport.common(new TreeSet<>(List.of(files.split(" ", -1)))))
        .isEqualTo(folder);
  }

  @ParameterizedTest
  @CsvSource({
    "logs, logs/e1, ''",
    "logs, logs/train/e1, train/",
    "'', e1, ''",
    "'', train/e1, train/",
    "logs/train, logs/train/e1, ''",
    "logs/train, logs/validation/e1, logs/validation/",
    "log, logs/e1, logs/",
  })
  void putsTheFolderBeforeTheTags(String root, String file, String prefix) {
    assertThat(TensorboardImport.prefix(root, file)).isEqualTo(prefix);
  }
}
