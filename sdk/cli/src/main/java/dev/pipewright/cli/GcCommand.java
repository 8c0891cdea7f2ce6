package dev.pipewright.cli;

import dev.pipewright.client.Pipewright;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

@Command(
    name = "gc",
    description =
        "Deletes for good what was deleted some time ago, and the files that nothing needs.",
    mixinStandardHelpOptions = true)
final class GcCommand implements Callable<Integer> {
  @Option(
      names = "--older-than",
      paramLabel = "AGE",
      defaultValue = "30d",
      converter = Age.class,
      description = "Deleted how long ago, such as 30d, 12h or 0s; default: ${DEFAULT-VALUE}.")
  private Duration olderThan = Duration.ofDays(30);

  @Option(names = "--dry-run", description = "Only say what would go.")
  private boolean dryRun;

  @Override
  public Integer call() {
    var terminal = Terminal.standard(System.getenv());
    var url = OnServer.url(terminal);
    try (var pipewright = Pipewright.connect(URI.create(url))) {
      var outcome = pipewright.maintenance().gc(olderThan, dryRun);
      terminal.line(dryRun ? "Would be deleted for good:" : "Deleted for good:");
      outcome.entries().entrySet().stream()
          .sorted(Map.Entry.comparingByKey())
          .forEach(entry -> terminal.line("  %6d %s".formatted(entry.getValue(), entry.getKey())));
      terminal.line(
          "  %6d files, %s (%d are kept)"
              .formatted(
                  outcome.deleted(), HomeProcesses.mebibytes(outcome.bytes()), outcome.kept()));
      return Exit.OK;
    }
  }

  static final class Age implements ITypeConverter<Duration> {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,5})([smhd])");

    @Override
    public Duration convert(String text) {
      var matcher = FORM.matcher(text);
      if (!matcher.matches()) {
        throw new TypeConversionException("'" + text + "' is not a time such as 30d, 12h or 0s");
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
}
