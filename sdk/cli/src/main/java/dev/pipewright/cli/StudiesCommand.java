package dev.pipewright.cli;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.api.Study;
import dev.pipewright.contract.api.StudyTrial;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "studies",
    description = "Searches for good params.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      StudiesCommand.Listing.class,
      StudiesCommand.Show.class,
      StudiesCommand.Stop.class,
      StudiesCommand.Delete.class
    })
final class StudiesCommand extends Commands {
  @Command(
      name = "list",
      description = "Lists the studies, newest first.",
      mixinStandardHelpOptions = true)
  static final class Listing implements Callable<Integer> {
    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
      return OnServer.run((pipewright, terminal) ->
          output.print(
              terminal,
              OnServer.all(pipewright.studies()::list),
              List.of("NAME", "STATE", "TRIALS", "BEST"),
              study ->
                  List.of(study.name(), study.state(), counts(study), values(study.bestValues()))));
    }
  }

  @Command(
      name = "show",
      description = "Shows a study's best trials, and how much each param matters.",
      mixinStandardHelpOptions = true)
  static final class Show implements Callable<Integer> {
    @Mixin private Output output = new Output();

    @Parameters(paramLabel = "NAME", description = "The study.")
    private String name = "";

    @Option(
        names = "--limit",
        paramLabel = "N",
        defaultValue = "10",
        description = "How many trials to show; default: ${DEFAULT-VALUE}.")
    private int limit;

    @Override
    public Integer call() {
      return OnServer.run((pipewright, terminal) -> {
        var study = pipewright.studies().get(name);
        var result = pipewright.studies().result(name);
        if (output.isJson()) {
          terminal.line(Output.json(Map.of("study", study, "result", result)));
          return;
        }
        terminal.line("Study %s: %s, %s".formatted(name, study.state(), counts(study)));
        var rows =
            best(pipewright, study, limit).stream()
                .map(trial ->
                    List.of(
                        String.valueOf(trial.number()),
                        values(trial.values()),
                        trial.params().entrySet().stream()
                            .map(param -> param.getKey() + "=" + param.getValue().asText("null"))
                            .collect(Collectors.joining(" "))))
                .toList();
        if (!rows.isEmpty()) {
          Output.table(List.of("TRIAL", "VALUE", "PARAMS"), rows).forEach(terminal::line);
        }
        if (!result.importance().isEmpty()) {
          var matters = new ArrayList<List<String>>();
          result
              .importance()
              .forEach(
                  (param, share) -> matters.add(List.of(param, "%.0f %%".formatted(100 * share))));
          Output.table(List.of("PARAM", "MATTERS"), matters).forEach(terminal::line);
        }
      });
    }
  }

  @Command(
      name = "stop",
      description = "Makes no further trials; those that run are told to stop.",
      mixinStandardHelpOptions = true)
  static final class Stop implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "The study.")
    private String name = "";

    @Override
    public Integer call() {
      return OnServer.run((pipewright, terminal) ->
          terminal.line(
              "The study %s is %s."
                  .formatted(
                      name, pipewright.studies().stop(name).state().toLowerCase(Locale.ROOT))));
    }
  }

  @Command(
      name = "delete",
      description = "Deletes a study with its trials.",
      mixinStandardHelpOptions = true)
  static final class Delete implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "The study.")
    private String name = "";

    @Override
    public Integer call() {
      return OnServer.run((pipewright, terminal) -> {
        pipewright.studies().delete(name);
        terminal.line("Deleted the study " + name + ".");
      });
    }
  }

  /// Complete trials, the best of the first objective first.
  private static List<StudyTrial> best(Pipewright pipewright, Study study, int limit) {
    var direction = study.spec().objectives().getFirst().direction();
    var byValue = Comparator.comparingDouble((StudyTrial trial) -> trial.values().getFirst());
    return OnServer.all(after -> pipewright.studies().trials(study.name(), after)).stream()
        .filter(trial -> trial.state().equals("COMPLETE") && !trial.values().isEmpty())
        .sorted("maximize".equals(direction) ? byValue.reversed() : byValue)
        .limit(limit)
        .toList();
  }

  private static String counts(Study study) {
    return study.trials().entrySet().stream()
        .map(state -> state.getValue() + " " + state.getKey().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(", "));
  }

  private static String values(List<Double> values) {
    return values.stream().map("%.6g"::formatted).collect(Collectors.joining(", "));
  }
}
