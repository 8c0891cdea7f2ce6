package dev.pipewright.client;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ListedFilesTest {
  @Test
  void are_those_of_all_tasks() {
    assertThat(
            ListedFiles.of(
                """
                name: x
                tasks:
                  a: { command: [a], files: [a.py, lib/b.py] }
                  b: { uses: pipewright/split@v1 }
                finally:
                  c: { command: [c], files: [c.py, a.py] }
                """))
        .containsExactly("a.py", "lib/b.py", "c.py");
  }

  @Test
  void are_none_where_the_document_is_not_as_it_should_be() {
    assertThat(ListedFiles.of("tasks: [a]")).isEmpty();
    assertThat(ListedFiles.of("tasks: {a: {files: 5}}")).isEmpty();
    assertThat(ListedFiles.of("[")).isEmpty();
  }
}
