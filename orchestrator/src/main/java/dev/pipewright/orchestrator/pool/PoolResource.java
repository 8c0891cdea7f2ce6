package dev.pipewright.orchestrator.pool;

import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Page;
import dev.pipewright.contract.api.Pool;
import dev.pipewright.contract.api.PoolSpec;
import dev.pipewright.contract.api.PoolUse;
import dev.pipewright.contract.api.PoolUses;
import dev.pipewright.orchestrator.pool.PoolStore.Row;
import dev.pipewright.orchestrator.pool.PoolStore.User;
import dev.pipewright.orchestrator.pool.PoolStore.Uses;
import dev.pipewright.platform.Paging;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.resteasy.reactive.RestResponse;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/pools")
@Tag(name = "Pools")
@RunOnVirtualThread
class PoolResource {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");
  private static final int MOST_SLOTS = 1_000_000;
  private static final int MOST_NAMES = 5;
  private static final String MOST_USES = "20";

  private final PoolStore pools;

  PoolResource(PoolStore pools) {
    this.pools = pools;
  }

  @GET
  @Operation(summary = "Pools, by name, with what is taken and what waits")
  public Page<Pool> list(
      @QueryParam("limit") @DefaultValue(Paging.DEFAULT_LIMIT) int limit,
      @QueryParam("after") @Nullable String after) {
    return Paging.page(
        pools.list(Paging.limit(limit), Paging.after(after)), limit, Row::name, PoolResource::body);
  }

  @GET
  @Path("{name}")
  @Operation(summary = "One pool")
  public Pool get(@PathParam("name") String name) {
    return pools.find(name).map(PoolResource::body).orElseThrow(() -> notFound(name));
  }

  @GET
  @Path("{name}/uses")
  @Operation(
      summary = "Who has slots of a pool, and who waits for it",
      description =
          "The first `limit` of each: of those that have some the oldest, of those that wait the next"
              + " by priority and age.")
  public PoolUses uses(
      @PathParam("name") String name, @QueryParam("limit") @DefaultValue(MOST_USES) int limit) {
    Paging.limit(limit);
    if (pools.find(name).isEmpty()) {
      throw notFound(name);
    }
    return new PoolUses(uses(pools.holders(name, limit)), uses(pools.waiters(name, limit)));
  }

  private static List<PoolUse> uses(List<User> users) {
    return users.stream()
        .map(user ->
            new PoolUse(
                user.runId().toString(),
                user.run(),
                user.pipeline(),
                user.task(),
                user.share(),
                user.since()))
        .toList();
  }

  @PUT
  @Path("{name}")
  @Operation(
      summary = "Make a pool or change it",
      description =
          "201 for a new one. One that is made smaller takes nothing from whoever has it: nobody is"
              + " let in until what is taken fits again.")
  public RestResponse<Pool> put(@PathParam("name") String name, @Nullable PoolSpec spec) {
    if (!NAME.matcher(name).matches()) {
      throw bad(
          "name",
          "'" + name + "' cannot be the name of a pool.",
          "Use lower-case letters, digits and '-', a letter first, at most 63.");
    }
    var slots = spec == null ? null : spec.slots();
    if (slots == null || slots < 1 || slots > MOST_SLOTS) {
      throw bad(
          "slots",
          "'slots' of pool '%s' is %s.".formatted(name, slots),
          "Give a whole number from 1 to %,d.".formatted(MOST_SLOTS));
    }
    var description = spec.description();
    if (description != null && description.indexOf('\0') >= 0) {
      throw bad(
          "description",
          "The description holds a NUL character, which cannot be kept.",
          "Leave it out.");
    }
    boolean created = pools.put(name, slots, description);
    return RestResponse.status(
        created ? RestResponse.Status.CREATED : RestResponse.Status.OK, get(name));
  }

  @DELETE
  @Path("{name}")
  @Operation(
      summary = "Delete a pool",
      description =
          "Refused while attempts have some of it or wait for it, and while the latest version of a"
              + " pipeline names it. With `force=true` it goes all the same: what runs goes on, and"
              + " what waits waits until there is a pool of that name again.")
  public void delete(
      @PathParam("name") String name, @QueryParam("force") @DefaultValue("false") boolean force) {
    var uses = pools.delete(name, force).orElseThrow(() -> notFound(name));
    if (uses.any() && !force) {
      throw new ProblemException(
          ProblemCode.POOL_IN_USE, "Pool '%s' is needed: %s.".formatted(name, needs(uses)));
    }
  }

  private static String needs(Uses uses) {
    var needs = new ArrayList<String>();
    if (uses.taken() > 0) {
      needs.add("%d of its slots are taken".formatted(uses.taken()));
    }
    if (uses.waiting() > 0) {
      needs.add(
          uses.waiting() == 1
              ? "an attempt waits for it"
              : "%d attempts wait for it".formatted(uses.waiting()));
    }
    if (!uses.pipelines().isEmpty()) {
      int more = uses.pipelines().size() - MOST_NAMES;
      needs.add(
          uses.pipelines().stream()
                  .limit(MOST_NAMES)
                  .map(pipeline -> "'" + pipeline + "'")
                  .collect(Collectors.joining(", ", "it is named by pipeline ", ""))
              + (more > 0 ? " and %d more".formatted(more) : ""));
    }
    return String.join(", ", needs);
  }

  private static Pool body(Row row) {
    return new Pool(row.name(), row.slots(), row.description(), row.taken(), row.waiting());
  }

  /// @param path where it is wrong, for a form to say it there
  private static ProblemException bad(String path, String detail, String remedy) {
    var error = new Problem.Violation("INVALID_VALUE", detail, path, null, null, null);
    return new ProblemException(
        Problem.of(ProblemCode.BAD_REQUEST, detail, remedy, List.of(error)));
  }

  private static ProblemException notFound(String name) {
    return new ProblemException(ProblemCode.POOL_NOT_FOUND, "There is no pool '" + name + "'.");
  }
}
