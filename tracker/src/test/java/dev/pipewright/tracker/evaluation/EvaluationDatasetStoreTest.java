package dev.pipewright.tracker.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import dev.pipewright.tracker.evaluation.EvaluationDatasetStore.DatasetRow;
import dev.pipewright.tracker.evaluation.EvaluationDatasetStore.RecordRow;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class EvaluationDatasetStoreTest {
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  private Db db;
  private EvaluationDatasetStore datasets;

  @BeforeEach
  void open() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "tracker");
    db = new Db(source);
    datasets = EvaluationDatasetStore.on(db);
    db.useTransaction(tx -> {
      tx.execute(
          """
          insert into tracker.experiment (id, name, artifact_location) overriding system value
          values (7, 'seven', ''), (10, 'ten', '')
          """);
      for (var id : List.of("d-1", "d-2")) {
        EvaluationDatasetStore.create(
            tx, new DatasetRow(id, "questions", "1a2b", "{}", null, null, NOW, NOW, "ann", "ann"));
      }
    });
  }

  /// @param second of its making
  private static RecordRow question(String id, String digest, String outputs, int second) {
    var at = NOW.plusSeconds(second);
    return new RecordRow(
        id,
        "d-1",
        digest,
        "{\"q\": 1}",
        outputs,
        null,
        "{}",
        null,
        null,
        null,
        at,
        at,
        "ann",
        "ann");
  }

  private void put(RecordRow... rows) {
    db.useTransaction(tx -> EvaluationDatasetStore.put(tx, List.of(rows)));
  }

  private List<String> page(int limit, String after) {
    return datasets.page("d-1", limit, after).stream().map(RecordRow::id).toList();
  }

  @Test
  void aDatasetIsFoundChangedAndDeleted() {
    assertThat(datasets.all(List.of("d-2", "none", "d-1")))
        .extracting(DatasetRow::id)
        .containsExactly("d-2", "d-1");
    db.useTransaction(tx -> {
      var before = EvaluationDatasetStore.lock(tx, "d-1").orElseThrow();
      assertThat(EvaluationDatasetStore.lock(tx, "none")).isEmpty();
      EvaluationDatasetStore.update(
          tx,
          new DatasetRow(
              "d-1",
              before.name(),
              "3c4d",
              before.tags(),
              "{\"b\": 1, \"a\": 2}",
              "{\"n\": 1}",
              before.createdAt(),
              NOW.plusSeconds(1),
              before.createdBy(),
              "bob"));
    });
    assertThat(datasets.find("d-1"))
        .hasValue(
            new DatasetRow(
                "d-1",
                "questions",
                "3c4d",
                "{}",
                // As it came, in its own order.
                "{\"b\": 1, \"a\": 2}",
                "{\"n\": 1}",
                NOW,
                NOW.plusSeconds(1),
                "ann",
                "bob"));
    put(question("r-1", "x", null, 0));
    db.useTransaction(tx -> EvaluationDatasetStore.add(tx, "d-1", List.of(7L)));
    datasets.delete("d-1");
    assertThat(datasets.find("d-1")).isEmpty();
    assertThat(page(10, null)).isEmpty();
    assertThat(datasets.experiments(List.of("d-1"))).isEmpty();
    assertThat(datasets.find("d-2")).isPresent();
  }

  @Test
  void tagsAreAddedReplacedAndTaken() {
    assertThat(datasets.addTags("d-1", "{\"a\": \"1\", \"b\": \"2\"}")).isTrue();
    assertThat(datasets.addTags("d-1", "{\"b\": \"3\"}")).isTrue();
    assertThat(datasets.addTags("none", "{}")).isFalse();
    datasets.deleteTag("d-1", "a");
    datasets.deleteTag("d-1", "was never there");
    assertThat(datasets.find("d-1").orElseThrow().tags()).isEqualTo("{\"b\": \"3\"}");
    assertThat(datasets.find("d-2").orElseThrow().tags()).isEqualTo("{}");
  }

  @Test
  void experimentsAreAddedOnceAndInOrderOfTheirNumbers() {
    db.useTransaction(tx -> {
      EvaluationDatasetStore.add(tx, "d-1", List.of(10L, 7L));
      EvaluationDatasetStore.add(tx, "d-1", List.of(7L, 0L));
      EvaluationDatasetStore.add(tx, "d-2", List.of(7L));
      EvaluationDatasetStore.remove(tx, "d-2", List.of(7L, 10L));
    });
    assertThat(datasets.experiments(List.of("d-1", "d-2")))
        .containsOnlyKeys("d-1")
        .containsEntry("d-1", List.of("0", "7", "10"));
  }

  @Test
  void aRecordOfTheSameInputsTakesTheNewOutputsAndKeepsItsId() {
    put(question("r-1", "x", "\"no\"", 0));
    put(question("r-2", "x", "\"yes\"", 5), question("r-3", "y", null, 5));
    var found = db.read(tx -> EvaluationDatasetStore.records(tx, "d-1", List.of("x", "y", "z")));
    assertThat(found).containsOnlyKeys("x", "y");
    assertThat(found.get("x"))
        .isEqualTo(
            new RecordRow(
                "r-1",
                "d-1",
                "x",
                "{\"q\": 1}",
                "\"yes\"",
                null,
                "{}",
                null,
                null,
                null,
                NOW,
                NOW.plusSeconds(5),
                "ann",
                "ann"));
    assertThat(db.<Long, RuntimeException>read(tx -> EvaluationDatasetStore.count(tx, "d-1")))
        .isEqualTo(2);
    put();
  }

  @Test
  void pagesGoOnAfterTheLastOneSeenAlsoWithinASecond() {
    put(
        question("r-4", "d", null, 2),
        question("r-2", "b", null, 1),
        question("r-3", "c", null, 1),
        question("r-1", "a", null, 3));
    assertThat(page(3, null)).containsExactly("r-2", "r-3", "r-4");
    assertThat(page(2, "r-2")).containsExactly("r-3", "r-4");
    assertThat(page(3, "r-4")).containsExactly("r-1");
    assertThat(page(3, "r-1")).isEmpty();
    int deleted =
        db.inTransaction(
            tx -> EvaluationDatasetStore.deleteRecords(tx, "d-1", List.of("r-2", "none", "r-4")));
    assertThat(deleted).isEqualTo(2);
    assertThat(page(10, null)).containsExactly("r-3", "r-1");
    int others =
        db.inTransaction(tx -> EvaluationDatasetStore.deleteRecords(tx, "d-2", List.of("r-1")));
    assertThat(others).isZero();
  }
}
