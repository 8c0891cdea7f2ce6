package dev.pipewright.tracker.artifact;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArtifactPathTest {
  @ParameterizedTest
  @CsvSource({
    "'', ''",
    "., ''",
    "model.pkl, model.pkl",
    "1/abc/artifacts/model/MLmodel, 1/abc/artifacts/model/MLmodel",
    "a//b/./c/, a/b/c",
    "a..b/..c/d.., a..b/..c/d..",
    "with space/ü.txt, with space/ü.txt",
    "100%.txt, 100%.txt",
    "a%20b+c.txt, a%20b+c.txt",
    "12:30.log, 12:30.log",
  })
  void takesPaths(String path, String same) {
    assertThat(ArtifactPath.of(path)).hasValue(same);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "..",
        "../a",
        "a/../b",
        "a/..",
        "/a",
        "//a",
        "%2e%2e/a",
        "a/%2e%2e/b",
        "%252e%252e/a",
        "%2fetc/passwd",
        "..%2f..%2fetc",
        "..\\a",
        "a\\..\\b",
        "%5c..%5c",
        "C:/a",
        "c:\\a",
        "file:/etc/passwd",
        "FILE:///etc/passwd",
        "file%3A/etc/passwd",
        "a#b",
        "a%23/../b",
        "a\u0000b",
        "a%00b",
        "a\nb",
        "a\u007f",
      })
  void refusesPathsThatLeadElsewhere(String path) {
    assertThat(ArtifactPath.of(path)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"2000, true", "2001, false"})
  void limitsTheLength(int length, boolean allowed) {
    assertThat(ArtifactPath.of("x".repeat(length)).isPresent()).isEqualTo(allowed);
  }
}
