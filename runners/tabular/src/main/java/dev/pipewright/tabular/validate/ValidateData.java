package dev.pipewright.tabular.validate;

import dev.pipewright.contract.Json;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.runner.BuiltinTask;
import dev.pipewright.runner.TaskContext;
import dev.pipewright.tabular.Settings;
import dev.pipewright.tabular.data.Frame;
import dev.pipewright.tabular.data.Frames;
import dev.pipewright.tabular.data.Profile;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// `pipewright/validate-data@v1`: holds a table against what is expected of it.
///
/// Inputs: `data` (dataset), `expectations` (a map) or `expectationsFile` (YAML or JSON), see
/// [Expectations]; `reference` (dataset) to see what has drifted; `onViolation` (`fail` or
/// `report`); `infer` (only write down what could be expected). Outputs: `valid`, `violations`,
/// `rows`, `report` ([Validation]), `page`, and of `infer` the `schema`.
///
/// Everything that is wrong is found at once; the report is kept when the task fails, too. The
/// table may be larger than the memory, but for the different texts of its columns.
public final class ValidateData implements BuiltinTask {
  private static final int TOLD = 5;

  private final Clock clock;

  public ValidateData() {
    this(Clock.systemUTC());
  }

  ValidateData(Clock clock) {
    this.clock = clock;
  }

  @Override
  public String uses() {
    return "pipewright/validate-data@v1";
  }

  @Override
  public void run(TaskContext context) throws IOException {
    var settings = new Settings(context);
    boolean infer = settings.flag("infer", false);
    boolean fail = failing(context);
    var expectations = infer ? Expectations.NONE : expectations(context);
    var frame = Frames.of(context, "data");
    context.logDataset(context.data("data"), "input", frame.rows());
    if (infer) {
      var schema = Inferred.of(frame);
      Files.writeString(context.outputs().resolve("schema.yaml"), schema);
      Files.createDirectories(context.artifacts());
      Files.writeString(context.artifacts().resolve("schema.yaml"), schema);
    }
    var violations = Check.of(frame, expectations, Instant.now(clock));
    var drift = List.<Drift>of();
    if (context.text("reference").isPresent()) {
      var reference = Frames.of(context, "reference");
      violations.addAll(Drift.absent(frame, reference, expectations));
      drift = Drift.of(frame, reference, expectations);
    }
    var validation =
        Validation.of(
            frame.name(), frame.rows(), frame.columns().size(), expectations, violations, drift);
    write(context, validation, frame);
    if (!validation.valid() && fail) {
      throw new ProblemException(
          ProblemCode.TABLE_INVALID,
          "%s is not as expected: %s".formatted(frame.name(), told(validation)));
    }
  }

  private static boolean failing(TaskContext context) {
    var text = context.text("onViolation").orElse("fail");
    return switch (text) {
      case "fail" -> true;
      case "report" -> false;
      default -> throw Settings.invalid("onViolation", "'" + text + "'", "'fail' or 'report'");
    };
  }

  private static Expectations expectations(TaskContext context) throws IOException {
    var inline = context.text("expectations");
    boolean file = context.text("expectationsFile").isPresent();
    if (inline.isPresent() && file) {
      throw Settings.invalid("expectationsFile", "given beside 'expectations'", "one of the two");
    }
    if (inline.isPresent()) {
      return Expectations.of(inline.get(), "the input 'expectations'");
    }
    if (file) {
      var name = context.data("expectationsFile").name();
      try {
        return Expectations.of(
            Files.readString(Frames.file(context.staged("expectationsFile"), name)), name);
      } catch (MalformedInputException _) {
        throw Settings.invalid(
            "expectationsFile", name + ", which is no text", "a YAML or JSON file in UTF-8");
      }
    }
    if (context.text("reference").isPresent()) {
      return Expectations.NONE;
    }
    throw new ProblemException(
        ProblemCode.INPUT_MISSING,
        "neither 'expectations' nor 'expectationsFile' nor 'reference' is given",
        "Give one; 'infer: true' writes expectations to begin with.");
  }

  private static void write(TaskContext context, Validation validation, Frame frame)
      throws IOException {
    context.output("valid", validation.valid());
    context.output("violations", validation.violations().size());
    context.output("rows", validation.rows());
    context.logMetric("violations", 0, validation.violations().size());
    validation.drift().forEach(drift -> context.logMetric("psi-" + drift.column(), 0, drift.psi()));
    var text = Json.MAPPER.writeValueAsString(validation) + "\n";
    var html = ValidationPage.of(validation, Profile.all(frame, Map.of())).html();
    for (var folder : List.of(context.outputs(), context.artifacts())) {
      Files.createDirectories(folder);
      boolean output = folder.equals(context.outputs());
      Files.writeString(folder.resolve(output ? "report.json" : "validation.json"), text);
      Files.writeString(folder.resolve(output ? "page.html" : "validation.html"), html);
    }
    validation
        .violations()
        .forEach(violation ->
            System.out.printf(
                "%s%s: %s%n",
                violation.column() == null ? "" : "column '" + violation.column() + "', ",
                violation.rule(),
                violation.message()));
    System.out.printf(
        "%,d rows of %,d columns: %s%n",
        validation.rows(),
        validation.columns(),
        validation.valid() ? "as expected" : "not as expected");
  }

  private static String told(Validation validation) {
    var all = validation.violations();
    var first =
        all.stream()
            .limit(TOLD)
            .map(violation ->
                violation.column() == null
                    ? violation.message()
                    : "column '%s': %s".formatted(violation.column(), violation.message()))
            .collect(Collectors.joining("; "));
    return all.size() > TOLD ? first + "; and %d more".formatted(all.size() - TOLD) : first;
  }
}
