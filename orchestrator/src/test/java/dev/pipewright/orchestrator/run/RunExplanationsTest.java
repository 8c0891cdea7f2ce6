package dev.pipewright.orchestrator.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pipewright.contract.ProblemException;
import dev.pipewright.embedded.TestPostgres;
import dev.pipewright.orchestrator.pool.PoolStore;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Migrations;
import java.time.Clock;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.ds.PGSimpleDataSource;

/// One run with a task in each place that needs others to be explained.
class RunExplanationsTest {
  private static final UUID RUN = new UUID(0, 1);
  private static RunExplanations explanations;
  private static Db db;

  @BeforeAll
  static void makeRun() {
    var source = new PGSimpleDataSource();
    source.setUrl(TestPostgres.shared().newDatabase());
    Migrations.migrate(source, "orchestrator");
    db = new Db(source);
    explanations =
        new RunExplanations(
            new AttemptStore(db),
            new RunReadStore(db),
            new TaskReadStore(db),
            PoolStore.on(db),
            new RunEngineTest.Lane(),
            Clock.systemUTC());
    sql(
        "insert into orchestrator.pipeline (name, latest_version, created_at, updated_at)"
            + " values ('p', 1, now(), now())");
    sql(
        "insert into orchestrator.pipeline_version (pipeline, version, digest, source, files, created_at)"
            + " values ('p', 1, 'd', 's', '[]', now())");
    sql(
        "insert into orchestrator.pipeline_run"
            + " (id, pipeline, version, state, params, tracked_run_id, revision, created_at)"
            + " values (?, 'p', 1, 'RUNNING', '{}', 't', 9, now())",
        RUN);
    task("broken", null, 0, "FAILED", "it broke", "");
    task("left", null, 0, "UPSTREAM_FAILED", "task 'broken' did not succeed", "broken");
    task("right", null, 0, "UPSTREAM_FAILED", "task 'left' did not succeed", "left");
    task("grid", null, 0, "RUNNING", null, "");
    task("grid[0]", "grid", 0, "SUCCEEDED", "cached", "");
    task("grid[1]", "grid", 1, "RUNNING", null, "");
    task("grid[2]", "grid", 2, "PENDING", null, "");
    task("grid[3]", "grid", 3, "PENDING", null, "");
    task("last", null, 0, "PENDING", null, "broken grid");
  }

  private static void task(
      String name, String group, int index, String state, String reason, String needs) {
    sql(
        "insert into orchestrator.task"
            + " (run_id, name, position, kind, needs, state, reason, group_name, index)"
            + " values (?, ?, 0, 'k', string_to_array(?, ' '), ?, ?, ?, ?)",
        RUN,
        name,
        needs,
        state,
        reason,
        group,
        index);
  }

  private static void sql(String sql, Object... args) {
    db.useTransaction(tx -> tx.execute(sql, args));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "broken  | Task 'broken' failed: it broke.",
        "right   | task 'left' did not succeed. Task 'left': task 'broken' did not succeed."
            + " Task 'broken': Task 'broken' failed: it broke.",
        "grid    | Of its 4 instances 2 are PENDING, 1 are RUNNING, 1 are SUCCEEDED.",
        "grid[0] | cached.",
        "grid[3] | It waits for its turn: task 'grid' runs a few at once only.",
        "last    | It waits for task 'grid', which is RUNNING.",
      })
  void saysWhyATaskIsWhereItIs(String task, String why) {
    assertThat(String.join(" ", explanations.ofTask(RUN, task).reasons())).isEqualTo(why);
  }

  @Test
  void aTaskThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> explanations.ofTask(RUN, "grid[4]"))
        .isInstanceOf(ProblemException.class)
        .hasMessageContaining("has no task 'grid[4]'");
  }
}
