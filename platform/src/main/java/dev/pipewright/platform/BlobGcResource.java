package dev.pipewright.platform;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.GcOutcome;
import io.quarkus.arc.All;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

@Path("/api/v1/gc")
@Tag(name = "Blobs")
@RunOnVirtualThread
class BlobGcResource {
  private static final Pattern AGE = Pattern.compile("([0-9]{1,10})([smhd])");

  private final BlobGc gc;
  private final List<Expiry> expiries;

  BlobGcResource(BlobGc gc, @All List<Expiry> expiries) {
    this.gc = gc;
    this.expiries = expiries;
  }

  @POST
  @Operation(
      summary = "Delete for good what nobody needs",
      description =
          "The blobs that nothing refers to, which happens daily too. With `olderThan`, such as"
              + " `30d`, the runs, experiments and models first that were deleted so long ago; their"
              + " blobs go once they were not used for a day. With `dryRun=true` all is only"
              + " counted.")
  public GcOutcome collect(
      @QueryParam("dryRun") @DefaultValue("false") boolean dryRun,
      @QueryParam("olderThan") @Nullable String olderThan)
      throws IOException {
    var entries = new TreeMap<String, Long>();
    if (olderThan != null) {
      var age = age(olderThan);
      for (var expiry : expiries) {
        entries.putAll(expiry.deleteForGood(age, dryRun));
      }
    }
    var blobs = gc.collect(dryRun);
    return new GcOutcome(dryRun, entries, blobs.kept(), blobs.deleted(), blobs.bytes());
  }

  private static Duration age(String text) {
    var matcher = AGE.matcher(text.strip());
    if (!matcher.matches()) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST,
          "olderThan=" + text + " is not a time.",
          "Write it as 30d, 12h, 90m or 0s.");
    }
    long count = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "s" -> Duration.ofSeconds(count);
      case "m" -> Duration.ofMinutes(count);
      case "h" -> Duration.ofHours(count);
      default -> Duration.ofDays(count);
    };
  }
}
