package dev.pipewright.orchestrator.run;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.AnswerTask;
import dev.pipewright.contract.api.Explanation;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.PipelineRun;
import dev.pipewright.contract.api.PipelineRunSummary;
import dev.pipewright.contract.api.RerunPipeline;
import dev.pipewright.contract.api.RunOverview;
import dev.pipewright.contract.api.RunState;
import dev.pipewright.contract.api.TaskOrder;
import dev.pipewright.contract.api.TaskState;
import dev.pipewright.contract.api.Transition;
import dev.pipewright.language.Params;
import dev.pipewright.platform.Paging;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.enterprise.event.Event;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/pipeline-runs")
@Tag(name = "Pipeline runs")
@RunOnVirtualThread
class RunResource {
  private static final Pattern LEVELS = Pattern.compile("(\\d{1,6})(?:-(\\d{1,6}))?");

  private final RunEngine engine;
  private final RunReadStore reads;
  private final TaskReadStore tasks;
  private final RunLoop loop;
  private final RunStarter starter;
  private final RunExplanations explanations;
  private final Approvals approvals;
  private final RunDeletionStore deletions;
  private final Event<RunsDeleted> deleted;

  RunResource(
      RunEngine engine,
      RunReadStore reads,
      TaskReadStore tasks,
      RunLoop loop,
      RunStarter starter,
      RunExplanations explanations,
      Approvals approvals,
      RunDeletionStore deletions,
      Event<RunsDeleted> deleted) {
    this.engine = engine;
    this.reads = reads;
    this.tasks = tasks;
    this.loop = loop;
    this.starter = starter;
    this.explanations = explanations;
    this.approvals = approvals;
    this.deletions = deletions;
    this.deleted = deleted;
  }

  @GET
  @Operation(summary = "Pipeline runs, newest first")
  public Page<PipelineRunSummary> list(
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after,
      @QueryParam("pipeline") @Nullable String pipeline,
      @QueryParam("state") @Nullable String state) {
    return reads.page(Paging.limit(limit), Paging.number(after), pipeline, state(state));
  }

  @GET
  @Path("{id}")
  @Operation(
      summary = "One pipeline run with its tasks",
      description =
          "With all of them where there are 500 at most, otherwise without instances; a document with"
              + " more tasks than that has them at `/tasks` only.")
  public PipelineRun get(@PathParam("id") String id) {
    return reads.view(reads.id(id));
  }

  @GET
  @Path("{id}/tasks")
  @Operation(
      summary = "The tasks of a run, page by page",
      description =
          "In an order that states go into, a task may change its place while one pages; read the"
              + " whole of a run that is under way in the document's.")
  public Page<PipelineRun.Task> tasks(
      @PathParam("id") String id,
      @Parameter(description = "Only instances of this task.") @QueryParam("group")
          @Nullable String group,
      @Parameter(description = "Only tasks in one of these states, with commas between them.")
          @QueryParam("state")
          @Nullable String state,
      @Parameter(description = "Only tasks whose name contains this.") @QueryParam("search")
          @Nullable String search,
      @Parameter(description = "Only tasks of this level of the overview, or of several: `3-5`.")
          @QueryParam("level")
          @Nullable String level,
      @Parameter(description = "Whether to leave out tasks that stand for their instances.")
          @QueryParam("leaves")
          @DefaultValue("false")
          boolean leaves,
      @Parameter(description = "How they are sorted: `document`, `urgent` or `newest`.")
          @QueryParam("order")
          @DefaultValue("document")
          String order,
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    var filter =
        new TaskReadStore.Filter(
            blankToNull(group),
            taskStates(state),
            blankToNull(search),
            levels(level),
            leaves,
            one("order", order, TaskOrder.values()));
    return tasks.page(reads.require(id), filter, Paging.limit(limit), after);
  }

  @GET
  @Path("{id}/tasks/{task}")
  @Operation(summary = "One task of a run")
  public PipelineRun.Task task(@PathParam("id") String id, @PathParam("task") String task) {
    return tasks.get(reads.require(id), task);
  }

  @GET
  @Path("{id}/overview")
  @Operation(summary = "A large run from afar: its levels, and what it waited for")
  public RunOverview overview(@PathParam("id") String id) {
    return tasks.overview(reads.require(id));
  }

  @GET
  @Path("{id}/history")
  @Operation(summary = "What happened in a run and why, oldest first")
  public Page<Transition> history(
      @PathParam("id") String id,
      @Parameter(description = "Whether the newest come first.")
          @QueryParam("newestFirst")
          @DefaultValue("false")
          boolean newestFirst,
      @QueryParam("limit") @DefaultValue("1000") int limit,
      @QueryParam("after") @Nullable String after) {
    return reads.history(reads.require(id), newestFirst, Paging.limit(limit), Paging.number(after));
  }

  @POST
  @Path("{id}/cancel")
  @Operation(
      summary = "Cancel a run",
      description =
          "Running tasks get SIGTERM and ten seconds; then the tasks of `finally` run. A second request"
              + " stops those too. A run that has ended stays as it is.")
  public PipelineRun cancel(@PathParam("id") String id) {
    return act(id, (run, now) -> run.stop(RunSnapshot.Stop.CANCEL, now));
  }

  @POST
  @Path("{id}/pause")
  @Operation(
      summary = "Pause a run",
      description = "What runs goes on; nothing new starts until it is resumed.")
  public PipelineRun pause(@PathParam("id") String id) {
    return act(id, (run, now) -> run.pause(true, now));
  }

  @POST
  @Path("{id}/resume")
  @Operation(summary = "Resume a paused run")
  public PipelineRun resume(@PathParam("id") String id) {
    return act(id, (run, now) -> run.pause(false, now));
  }

  @POST
  @Path("{id}/retry")
  @Operation(
      summary = "Retry what did not succeed",
      description =
          "Tasks that failed, were cancelled or waited for those run again, in the same run; what"
              + " succeeded stays.")
  public PipelineRun retry(@PathParam("id") String id) {
    return act(id, (run, now) -> run.retry(now));
  }

  @POST
  @Path("{id}/rerun")
  @Operation(
      summary = "Start a run like this one",
      description =
          "With other params, or from a task on with the earlier outputs of the rest; without"
              + " either it is a clone.")
  public RestResponse<PipelineRun> rerun(
      @PathParam("id") String id, @Nullable RerunPipeline request) {
    var run = starter.rerun(reads.id(id), request);
    return RestResponse.status(RestResponse.Status.CREATED, reads.view(run));
  }

  @POST
  @Path("{id}/tasks/{task}/answer")
  @Operation(summary = "Answer a task that waits for a person")
  public PipelineRun answer(
      @PathParam("id") String id, @PathParam("task") String task, AnswerTask answer) {
    var approval = approvals.of(reads.view(reads.id(id)), task);
    var inputs = answer.inputs() == null ? Map.<String, JsonNode>of() : answer.inputs();
    var given = answer.approved() ? Params.answers(task, approval, inputs) : inputs;
    var by = answer.by() == null || answer.by().isBlank() ? "somebody" : answer.by();
    var comment = answer.comment() == null ? "" : answer.comment();
    return act(id, (run, now) -> run.answer(task, answer.approved(), given, by, comment, now));
  }

  @GET
  @Path("{id}/explain")
  @Operation(summary = "Why a run, or one of its tasks, is as it is")
  public Explanation explain(
      @PathParam("id") String id, @QueryParam("task") @Nullable String task) {
    return task == null
        ? explanations.ofRun(reads.id(id))
        : explanations.ofTask(reads.id(id), task);
  }

  @DELETE
  @Path("{id}")
  @Operation(
      summary = "Delete a run that has ended",
      description =
          "With its tasks, its history, its checkpoints, and the runs that it called. What it"
              + " tracked, logs included, stays until it is deleted there.")
  public void delete(@PathParam("id") String id) {
    var run = reads.id(id);
    if (!deletions.delete(run)) {
      throw new ProblemException(
          ProblemCode.RUN_NOT_ENDED,
          "Pipeline run '%s' has not ended.".formatted(reads.require(id)));
    }
    deleted.fire(new RunsDeleted(1));
  }

  private PipelineRun act(String id, BiConsumer<LiveRun, Instant> action) {
    var run = reads.id(id);
    loop.stepped(run, engine.act(run, action));
    return reads.view(run);
  }

  private static @Nullable RunState state(@Nullable String text) {
    return text == null || text.isEmpty() ? null : one("state", text, RunState.values());
  }

  private static Set<TaskState> taskStates(@Nullable String text) {
    return text == null || text.isEmpty()
        ? Set.of()
        : Arrays.stream(text.split(",", -1))
            .map(each -> one("state", each, TaskState.values()))
            .collect(Collectors.toSet());
  }

  private static TaskReadStore.@Nullable Range levels(@Nullable String text) {
    if (text == null || text.isEmpty()) {
      return null;
    }
    var match = LEVELS.matcher(text);
    if (!match.matches()) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST,
          "level=" + text + " is not a level such as 3, or several such as 3-5.");
    }
    int from = Integer.parseInt(match.group(1));
    return new TaskReadStore.Range(
        from, match.group(2) == null ? from : Integer.parseInt(match.group(2)));
  }

  private static @Nullable String blankToNull(@Nullable String text) {
    return text == null || text.isBlank() ? null : text.strip();
  }

  private static <E extends Enum<E>> E one(String param, String text, E[] values) {
    return Arrays.stream(values)
        .filter(value -> value.name().equalsIgnoreCase(text))
        .findFirst()
        .orElseThrow(() ->
            new ProblemException(
                ProblemCode.BAD_REQUEST,
                "%s=%s is not known; it is one of %s."
                    .formatted(
                        param,
                        text,
                        Arrays.stream(values).map(Enum::name).collect(Collectors.joining(", ")))));
  }
}
