package dev.pipewright.cli.importer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MlflowImportTest {
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "images/a#b%step%3%timestamp%17%5f-0.png, images/a~b+step+3+timestamp+17+5f-0.png",
        "images/a%step%3%timestamp%17%5f%compressed.webp, images/a+step+3+timestamp+17+5f+compressed.webp",
        "images/a+step+3+timestamp+17+5f.png, images/a+step+3+timestamp+17+5f.png",
        "images/100%.png, images/100%.png",
        "a#b.txt, a#b.txt",
      })
  void givesImagesTheNameThatServersTake(String old, String path) {
    assertThat(MlflowImport.renamed(old)).isEqualTo(path);
  }

  @ParameterizedTest
  @CsvSource({
    "m-1, models:/m-1, m-1",
    "'', models:/m-2, m-2",
    "'', models:/m-2/sub, m-2",
    "'', models:/shop/3, ''",
    "'', file:///x/m-2, ''",
  })
  void findsTheLoggedModelOfAVersion(String id, String source, String model) {
    assertThat(MlflowImport.loggedModel(id, source)).isEqualTo(model);
  }
}
