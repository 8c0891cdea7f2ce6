package dev.pipewright.contract;

/// Every failure Pipewright reports has one of these codes: in `application/problem+json`, in the
/// terminal, in a task's failure and on the page. Codes are stable; texts may change.
/// `docs/reference/problems.md` is written from this table.
public enum ProblemCode {
  // pipelines
  PIPELINE_INVALID(422, "The pipeline document has errors", "Correct each listed place."),
  PIPELINE_NOT_FOUND(404, "There is no such pipeline", "List them with GET /api/v1/pipelines."),
  PARAMS_INVALID(422, "The params do not fit the pipeline", "Correct each listed param."),
  EXPRESSION_FAILED(
      422, "An expression could not be evaluated", "Guard it, such as with has(…), or correct it."),
  PIPELINE_RUN_NOT_FOUND(
      404, "There is no such pipeline run", "List them with GET /api/v1/pipeline-runs."),
  IDEMPOTENCY_KEY_REUSED(
      409, "The idempotency key was used for another request", "Use a new key for a new request."),
  RUN_FORBIDDEN(
      409, "The pipeline allows no further run now", "Wait for its runs to end, or cancel them."),
  RUN_ENDED(409, "The run has ended", "Retry it, or start another one."),
  RUN_NOT_ENDED(409, "The run has not ended", "Wait for its end, or cancel it."),
  NOTHING_TO_RETRY(409, "No task of the run failed", "Rerun it instead."),
  NOT_WAITING(409, "The task does not wait for an answer", "See the run for what waits."),
  POOL_NOT_FOUND(404, "There is no such pool", "List them with GET /api/v1/pools."),
  POOL_IN_USE(409, "The pool is needed", "Wait, or delete it by force."),

  // what starts runs
  SCHEDULE_INVALID(422, "The schedule has errors", "Correct each listed place."),
  SCHEDULE_NOT_FOUND(404, "There is no such schedule", "List them with GET /api/v1/schedules."),
  BACKFILL_INVALID(422, "The backfill has errors", "Correct each listed place."),
  BACKFILL_NOT_FOUND(404, "There is no such backfill", "List them with GET /api/v1/backfills."),
  TRIGGER_INVALID(422, "The trigger has errors", "Correct each listed place."),
  TRIGGER_NOT_FOUND(404, "There is no such trigger", "List them with GET /api/v1/triggers."),
  TRIGGER_MAPPING_FAILED(
      422, "The message does not fit the trigger", "Correct the trigger's 'when' or 'params'."),
  TRIGGER_LOOP(409, "A trigger would start what started it", "Set allowSelf, or break the circle."),
  HOOK_SIGNATURE_INVALID(
      401,
      "The message is not signed as the trigger asks",
      "Give the sender the trigger's secret."),

  // tasks
  COLUMN_NOT_FOUND(422, "The table has no such column", "Name one of its columns."),
  INPUT_MISSING(422, "An input is not there", "Check the path or the reference."),
  INPUT_INVALID(422, "An input has an unusable value", "Correct it."),
  OUTPUT_MISSING(422, "An output is not there", "Write it, or drop it."),
  OUTPUT_INVALID(422, "An output does not have its type", "Write it as its type says."),
  COMMAND_FAILED(422, "The command ended with an error", "Read the task's log."),
  COMMAND_NOT_FOUND(422, "The command is not there", "Install it or correct its name."),
  TABLE_UNREADABLE(422, "The table cannot be read", "Give a CSV file with a header line."),
  TABLE_EMPTY(422, "The table has no rows", "Give a table with rows below its header."),
  TABLE_INVALID(422, "The table is not as expected", "Read the task's report."),
  TABLE_TOO_SMALL(422, "The table has too few rows", "Give more rows."),
  TARGET_NOT_A_COLUMN(422, "The target is not a column", "Name one of the table's columns."),
  TARGET_ONE_CLASS(422, "The target has only one value", "Give a target with two or more values."),
  TARGET_UNUSABLE(422, "The target cannot be predicted", "Choose another column."),
  NO_MODEL(422, "No model could be trained", "Give more time, memory or rows."),
  NO_FEATURES(422, "No column is left to learn from", "Give a table with usable columns."),
  LIBRARY_MISSING(422, "A native library is not on the machine", "Install it."),
  MODEL_UNREADABLE(422, "The model cannot be read", "Give a model that this version wrote."),
  TRAINING_DIVERGED(422, "The training got out of hand", "Lower the learning rate."),
  DATABASE_UNREACHABLE(422, "The database does not answer", "Check its address and password."),
  DATABASE_REFUSED(422, "The database does not do what it was asked", "Read what it says."),
  TASK_TIMEOUT(422, "The task took longer than its timeout", "Raise the timeout, or do less."),
  CALLED_RUN_FAILED(422, "A pipeline that was called failed", "See its run."),
  PENDING_TIMEOUT(422, "The task did not start in time", "Raise pendingTimeout, or make room."),
  OUT_OF_MEMORY(422, "The task ran out of memory", "Give it more memory, or have it use less."),
  SECRET_NOT_FOUND(
      422,
      "A secret is not there",
      "Set PIPEWRIGHT_SECRET_<NAME> or write the file secrets/<NAME>."),
  RESOURCES_UNAVAILABLE(
      422,
      "The machine does not have what the task asks for",
      "Ask for less, or run it elsewhere."),
  TASK_KILLED(500, "The task was killed from outside", "It is retried by itself."),
  DISK_FULL(500, "The task's disk is full", "Make room; it is retried by itself."),
  TASK_LOST(500, "The task's process vanished", "It is retried by itself."),
  TASK_CRASHED(500, "The task failed in an unexpected way", "Read the task's log."),

  // tuning
  SEARCH_SPACE_INVALID(422, "The search space has errors", "Correct each listed place."),
  STUDY_INVALID(422, "The study has errors", "Correct each listed place."),
  STUDY_NOT_FOUND(404, "There is no such study", "List them with GET /api/v1/studies."),
  STUDY_EXISTS(
      409, "There is another study of that name", "Choose another name, or delete that one."),
  STUDY_ENDED(409, "The study has ended", "Start another one, from its trials if you like."),
  TRIAL_INVALID(422, "The trial does not fit the study", "Correct each listed place."),
  TRIAL_NOT_FOUND(404, "The study has no such trial", "List the study's trials."),
  TRIAL_ENDED(409, "The trial has ended", "Ask for another one."),

  // tracking
  EXPERIMENT_NOT_FOUND(404, "There is no such experiment", "List them: GET /api/v1/experiments."),
  RUN_NOT_FOUND(404, "There is no such run", "List them with GET /api/v1/runs."),
  RUN_IN_USE(
      409, "A registered model needs what is to be deleted", "Delete the model version first."),
  METRIC_NOT_FOUND(404, "The run has no such metric", "See the run for the ones it has."),
  TOO_MANY_POINTS(
      400,
      "There are more points than one answer holds",
      "Ask for ranges of steps with from and to, or for fewer points with points=2000."),
  ARTIFACT_NOT_FOUND(
      404, "The run has no such artifact", "List them: /api/v1/runs/{id}/artifacts."),
  MODEL_NOT_FOUND(404, "There is no such registered model", "List them with GET /api/v1/models."),
  MODEL_VERSION_NOT_FOUND(404, "There is no such model version", "List the model's versions."),
  WEBHOOK_NOT_FOUND(
      404, "There is no such webhook", "List them with GET /api/2.0/mlflow/webhooks."),
  DELIVERY_NOT_FOUND(
      404, "There is no such delivery", "List them: /api/v1/webhooks/{id}/deliveries."),
  DELIVERY_PENDING(409, "The delivery has not ended", "Wait until it is delivered or failed."),
  BLOB_NOT_FOUND(404, "There is no such blob", "Upload it with PUT /api/v1/blobs/{digest}."),
  BLOB_DIGEST_MISMATCH(
      422, "The content does not have the digest it was sent under", "Send it again."),
  TRACKING_INCOMPLETE(
      500, "Not all that was logged could be stored", "See the detail for what is missing."),
  SPOOL_UNUSABLE(500, "The local spool cannot be used", "Give it a folder with room to write."),
  DEAD_LETTER_NOT_FOUND(
      404, "There is no such dead letter", "List them with GET /api/v1/dead-letters."),
  DEAD_LETTER_REFUSED(
      422, "The message cannot be stored", "Remove the cause and replay it, or delete it."),

  // requests
  BAD_REQUEST(400, "The request cannot be understood", "See the API reference."),
  NOT_FOUND(404, "There is nothing at this address", "See /q/openapi for what there is."),
  METHOD_NOT_ALLOWED(405, "The address does not take this method", "See /q/openapi."),
  NOT_ACCEPTABLE(406, "The address cannot answer in the wanted form", "Ask for JSON."),
  UNSUPPORTED_MEDIA_TYPE(415, "The body is of a kind the address does not take", "Send JSON."),
  PAYLOAD_TOO_LARGE(413, "The body is too large", "Send less at once."),
  FORBIDDEN_ORIGIN(
      403, "The request comes from another site", "Open the page at the server's own address."),
  UNAVAILABLE(503, "A part the server needs is down", "It is restarted by itself; try again."),
  INTERNAL(500, "Pipewright failed", "Report it, with the server's log."),

  // starting and stopping
  JDK_NOT_FOUND(500, "No JDK 25 was found", "Install one or set JAVA_HOME."),
  PORT_IN_USE(500, "The port is used by another program", "Stop it or set PIPEWRIGHT_PORT."),
  HOST_NOT_LOOPBACK(
      500, "The server listens on loopback only", "Unset PIPEWRIGHT_HOST or set 127.0.0.1."),
  SETTING_INVALID(500, "A setting has an unusable value", "Correct it."),
  HOME_NOT_WRITABLE(
      500, "The home folder cannot be written", "Set PIPEWRIGHT_HOME to one that can."),
  HOME_NOT_OURS(500, "The home folder holds something else", "Set PIPEWRIGHT_HOME to another one."),
  HOME_DAMAGED(500, "The home folder is damaged", "Restore it or set another PIPEWRIGHT_HOME."),
  ALREADY_RUNNING(500, "A server runs on this home folder already", "Use it, or stop it first."),
  POSTGRES_FAILED(500, "The embedded PostgreSQL did not start", "Read its log in the home folder."),
  KAFKA_FAILED(500, "The embedded Kafka broker did not start", "Read its log in the home folder."),
  SERVER_FAILED(500, "The server did not start", "Read its log in the home folder."),
  SERVER_UNREACHABLE(503, "The server does not answer", "Start it with ./pipewright up.");

  private final int status;
  private final String title;
  private final String remedy;

  ProblemCode(int status, String title, String remedy) {
    this.status = status;
    this.title = title;
    this.remedy = remedy;
  }

  /// The HTTP status it is answered with.
  public int status() {
    return status;
  }

  public String title() {
    return title;
  }

  /// What to do about it, in general; a problem's detail may know better.
  public String remedy() {
    return remedy;
  }
}
