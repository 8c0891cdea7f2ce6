package dev.pipewright.tracker.run;

import dev.pipewright.platform.Db;
import dev.pipewright.tracker.run.RunStore.RunKey;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/// All SQL of which logged models a run read and made.
@ApplicationScoped
public class RunModelStore {
  private final Db db;

  RunModelStore(Db db) {
    this.db = db;
  }

  /// Whether a run read a model or made it.
  public enum Direction {
    INPUT,
    OUTPUT
  }

  public record RunModel(String runId, String modelId, Direction direction, long step) {}

  /// @param steps model id → the step it was made at
  public void link(Handle tx, RunKey run, Direction direction, Map<String, Long> steps) {
    if (steps.isEmpty()) {
      return;
    }
    var batch =
        tx.prepareBatch(
            """
            insert into tracker.run_model (run, model_id, direction, step)
            values (:run, :model, :direction, :step)
            on conflict (run, direction, model_id) do update set step = excluded.step
            """);
    steps.forEach((model, step) ->
        batch
            .bind("run", run.number())
            .bind("model", model)
            .bind("direction", direction.name())
            .bind("step", step)
            .add());
    batch.execute();
  }

  public Map<String, List<RunModel>> ofRuns(Collection<String> runIds) {
    var found = new HashMap<String, List<RunModel>>();
    db.read(handle ->
            handle
                .createQuery(
                    """
                    select r.id as run_id, m.model_id, m.direction, m.step
                    from tracker.run r join tracker.run_model m on m.run = r.number
                    where r.id = any(:runs) order by m.step, m.model_id
                    """)
                .bindArray("runs", String.class, runIds)
                .mapTo(RunModel.class)
                .list())
        .forEach(each -> found.computeIfAbsent(each.runId, id -> new ArrayList<>()).add(each));
    return found;
  }
}
