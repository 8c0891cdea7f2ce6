package dev.pipewright.tabular;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.tabular.data.Cells;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoDataTest {
  @Test
  void is_the_same_bytes_everywhere() throws Exception {
    var bytes = DemoData.csv(DemoData.ROWS, DemoData.SEED).getBytes(StandardCharsets.UTF_8);
    assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)))
        .isEqualTo("62b3e71a963c4b613c64f4413b5aad5f535667affacdb764b8925e6bf8893449");
  }

  @Test
  void is_a_table_with_two_classes_and_missing_cells(@TempDir Path folder) throws Exception {
    var file = folder.resolve("new/folder/loans.csv");
    DemoData.main(new String[] {file.toString(), "--rows", "500", "--seed", "9"});
    var table = Table.read(file, "loans.csv");
    assertThat(table.rows()).hasSize(500);
    var labelled = Labelled.of(table, "default", Target.Wish.AUTO, 10);
    assertThat(labelled.target().classes()).containsExactly("no", "yes");
    assertThat(table.rows().stream().flatMap(java.util.List::stream).filter(Cells::missing).count())
        .isBetween(30L, 150L);
    assertThat(Files.readString(file)).isNotEqualTo(DemoData.csv(500, 10));
  }
}
