package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.TaskOrder;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import dev.pipewright.platform.Paging;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;

/// Tasks of runs as people read them, small and large.
class TaskReadStoreTest {
  private static Db db;

  private final UUID run = UUID.randomUUID();
  private final TaskReadStore tasks = new TaskReadStore(db);
  private final RunReadStore runs = new RunReadStore(db);

  @BeforeAll
  static void openDatabase() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "orchestrator");
    db = new Db(source);
    sql(
        "insert into orchestrator.pipeline (name, latest_version, created_at, updated_at)"
            + " values ('p', 1, now(), now())");
    sql(
        "insert into orchestrator.pipeline_version (pipeline, version, digest, source, files, created_at)"
            + " values ('p', 1, 'd', 's', '[]', now())");
  }

  /// Each test has a run of its own.
  @BeforeEach
  void makeRun() {
    sql(
        "insert into orchestrator.pipeline_run"
            + " (id, pipeline, version, state, params, tracked_run_id, revision, created_at)"
            + " values (?, 'p', 1, 'RUNNING', '{}', 't', 9, now())",
        run);
  }

  private static void sql(String sql, Object... args) {
    db.useTransaction(tx -> tx.execute(sql, args));
  }

  private void declared(String name, int position, String state, String... needs) {
    sql(
        "insert into orchestrator.task (run_id, name, position, kind, needs, state)"
            + " values (?, ?, ?, 'k', string_to_array(?, ' '), ?)",
        run,
        name,
        position,
        String.join(" ", needs),
        state);
  }

  /// So many instances of a task, the third failed, every other one succeeded, the rest running.
  private void instances(String group, int position, int count) {
    declared(group, position, "RUNNING");
    sql(
        "insert into orchestrator.task"
            + " (run_id, name, position, kind, needs, state, group_name, index, ended_at)"
            + " select ?, ? || '[' || i || ']', ?, 'k', '{}', case when i = 2 then 'FAILED'"
            + " when i % 2 = 0 then 'SUCCEEDED' else 'RUNNING' end, ?, i,"
            + " timestamptz '2026-01-01' + i * interval '1 s'"
            + " from generate_series(0, ? - 1) i",
        run, group, position, group, count);
  }

  private List<String> names(TaskReadStore.Filter filter, int limit) {
    var found = new ArrayList<String>();
    String after = null;
    do {
      var page = tasks.page(run, filter, limit, after);
      assertThat(page.items()).hasSizeLessThanOrEqualTo(limit);
      page.items().forEach(task -> found.add(task.name()));
      after = page.next();
    } while (after != null);
    return found;
  }

  private static TaskReadStore.Filter filter(
      String group, Set<TaskState> states, String search, boolean leaves, TaskOrder order) {
    return new TaskReadStore.Filter(group, states, search, null, leaves, order);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "-    | -         | -     | false | DOCUMENT | first work work[0] work[1] work[2] work[3] work[4] last",
        "-    | -         | -     | true  | DOCUMENT | first work[0] work[1] work[2] work[3] work[4] last",
        "work | -         | -     | false | DOCUMENT | work[0] work[1] work[2] work[3] work[4]",
        "none | -         | -     | false | DOCUMENT | ''",
        "-    | FAILED    | -     | false | DOCUMENT | work[2]",
        "-    | SUCCEEDED | -     | false | DOCUMENT | first work[0] work[4]",
        "-    | -         | K[1   | false | DOCUMENT | work[1]",
        "-    | -         | %     | false | DOCUMENT | ''",
        "-    | -         | -     | true  | URGENT   | work[2] work[1] work[3] last first work[0] work[4]",
        "work | -         | -     | false | NEWEST   | work[4] work[3] work[2] work[1] work[0]",
      })
  void pagesOfAnySizeGiveEachTaskOnceInItsOrder(
      String group, TaskState state, String search, boolean leaves, TaskOrder order, String all) {
    declared("first", 0, "SUCCEEDED");
    instances("work", 1, 5);
    declared("last", 2, "PENDING", "work");
    var filter = filter(group, state == null ? Set.of() : Set.of(state), search, leaves, order);
    var expected = all.isEmpty() ? List.of() : List.of(all.split(" ", -1));
    for (int limit : new int[] {1, 2, 3, 100}) {
      assertThat(names(filter, limit)).as("pages of %d", limit).isEqualTo(expected);
    }
  }

  @Test
  void aPageMayBeOfOneLevel() {
    declared("a", 0, "SUCCEEDED");
    declared("b", 1, "RUNNING", "a");
    declared("c", 2, "RUNNING", "a");
    declared("d", 3, "RUNNING", "c");
    assertThat(names(onLevels(1, 1), 10)).containsExactly("b", "c");
    assertThat(names(onLevels(0, 1), 2)).containsExactly("a", "b", "c");
  }

  private static TaskReadStore.Filter onLevels(int from, int to) {
    return new TaskReadStore.Filter(
        null, Set.of(), null, new TaskReadStore.Range(from, to), false, TaskOrder.DOCUMENT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nonsense", "MTox", "MQ"})
  void aCursorThatNoPageGaveIsRefused(String cursor) {
    var all = filter(null, Set.of(), null, false, TaskOrder.DOCUMENT);
    assertThatThrownBy(() -> tasks.page(run, all, 10, cursor))
        .isInstanceOf(ProblemException.class)
        .hasMessageStartingWith("BAD_REQUEST");
  }

  @Test
  void aSmallRunComesWithAllOfItsTasks() {
    declared("first", 0, "SUCCEEDED");
    instances("work", 1, 5);
    var seen = runs.view(run);
    assertThat(seen.complete()).isTrue();
    assertThat(seen.taskCount()).isEqualTo(7);
    assertThat(seen.counts())
        .as("the task that stands for its instances counts for nothing itself")
        .isEqualTo(Map.of(TaskState.SUCCEEDED, 3, TaskState.FAILED, 1, TaskState.RUNNING, 2));
    assertThat(seen.groups())
        .containsExactly(
            new PipelineRun.Group(
                "work", Map.of(TaskState.SUCCEEDED, 2, TaskState.FAILED, 1, TaskState.RUNNING, 2)));
  }

  @Test
  void aLargeFanOutComesWithoutItsInstances() {
    declared("first", 0, "SUCCEEDED");
    instances("work", 1, TaskReadStore.MOST_SHOWN);
    var seen = runs.view(run);
    assertThat(seen.complete()).isFalse();
    assertThat(seen.taskCount()).isEqualTo(TaskReadStore.MOST_SHOWN + 2);
    assertThat(seen.tasks()).extracting(PipelineRun.Task::name).containsExactly("first", "work");
    assertThat(runs.get(run).tasks()).hasSize(TaskReadStore.MOST_SHOWN + 2);
  }

  @Test
  void aLargeDocumentComesWithoutTasks() {
    for (int i = 0; i <= TaskReadStore.MOST_SHOWN; i++) {
      declared("t" + i, i, "PENDING");
    }
    var seen = runs.view(run);
    assertThat(seen.tasks()).isEmpty();
    assertThat(seen.counts()).isEqualTo(Map.of(TaskState.PENDING, TaskReadStore.MOST_SHOWN + 1));
  }

  @Test
  void whatChangedIsToldSinceARevision() {
    declared("a", 0, "SUCCEEDED");
    declared("b", 1, "RUNNING");
    declared("c", 2, "PENDING");
    for (var line : List.of("1 a", "2 b", "3 a")) {
      sql(
          "insert into orchestrator.transition (run_id, revision, at, task, to_state)"
              + " values (?, ?, now(), ?, 'RUNNING')",
          run,
          Long.parseLong(line.split(" ", -1)[0]),
          line.split(" ", -1)[1]);
    }
    assertThat(changed(0)).containsExactly("a", "b");
    assertThat(changed(2)).containsExactly("a");
    assertThat(changed(3)).isEmpty();
    assertThat(runs.changes(run, 2).since()).isEqualTo(2);
    assertThat(runs.changes(run, 2).revision()).isEqualTo(9);
  }

  @Test
  void ofALargeFanOutOnlyTheTasksOfTheDocumentAreTold() {
    instances("work", 0, TaskReadStore.MOST_SHOWN);
    for (var task : List.of("work", "work[1]", "work[2]")) {
      sql(
          "insert into orchestrator.transition (run_id, revision, at, task, to_state)"
              + " select ?, 1 + count(*), now(), ?, 'RUNNING' from orchestrator.transition",
          run,
          task);
    }
    assertThat(changed(0)).containsExactly("work");
    assertThat(runs.changes(run, 0).counts()).containsEntry(TaskState.FAILED, 1);
  }

  private List<String> changed(long since) {
    return runs.changes(run, since).tasks().stream().map(PipelineRun.Task::name).toList();
  }

  @Test
  void aTaskThatIsNotThereIsAProblem() {
    declared("a", 0, "PENDING");
    assertThat(tasks.get(run, "a").state()).isEqualTo(TaskState.PENDING);
    assertThatThrownBy(() -> tasks.get(run, "b"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("has no task 'b'");
  }

  @Test
  void aHistoryIsReadFromEitherEnd() {
    for (int i = 1; i <= 5; i++) {
      sql(
          "insert into orchestrator.transition (run_id, revision, at, to_state)"
              + " values (?, ?, now(), 'RUNNING')",
          run,
          i);
    }
    for (boolean newestFirst : new boolean[] {true, false}) {
      var seen = new ArrayList<Long>();
      String after = null;
      do {
        var page = runs.history(run, newestFirst, 2, Paging.number(after));
        page.items().forEach(line -> seen.add(line.revision()));
        after = page.next();
      } while (after != null);
      assertThat(seen)
          .isEqualTo(newestFirst ? List.of(5L, 4L, 3L, 2L, 1L) : List.of(1L, 2L, 3L, 4L, 5L));
    }
  }
}
