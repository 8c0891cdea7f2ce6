package dev.pipewright.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.client.Pipelines;
import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.api.Trigger;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "triggers",
    description = "Starts runs when a message comes or something happens.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      TriggersCommand.Listing.class,
      TriggersCommand.Show.class,
      TriggersCommand.Apply.class,
      TriggersCommand.History.class,
      TriggersCommand.Pause.class,
      TriggersCommand.Resume.class,
      TriggersCommand.Delete.class
    })
final class TriggersCommand extends Commands {
  /// What picocli gives a command on one trigger.
  private abstract static class OnOne implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "The trigger.")
    private String name = "";

    @Override
    public Integer call() {
      return OnServer.run((pipewright, terminal) -> act(pipewright, name, terminal));
    }

    abstract void act(Pipewright pipewright, String name, Terminal terminal);
  }

  @Command(
      name = "list",
      description = "Lists the triggers, newest first.",
      mixinStandardHelpOptions = true)
  static final class Listing implements Callable<Integer> {
    @Mixin private Output output = new Output();

    @Override
    public Integer call() {
      return OnServer.run((pipewright, terminal) ->
          output.print(
              terminal,
              OnServer.all(pipewright.triggers()::list),
              List.of("NAME", "PIPELINE", "ON", "STATE", "LAST"),
              each ->
                  List.of(
                      each.name(),
                      each.spec().pipeline(),
                      on(each),
                      each.paused() ? "paused" : "active",
                      FireLines.last(each.last()))));
    }
  }

  @Command(name = "show", description = "Shows a trigger.", mixinStandardHelpOptions = true)
  static final class Show extends OnOne {
    @Mixin private Output output = new Output();

    @Override
    void act(Pipewright pipewright, String name, Terminal terminal) {
      var trigger = pipewright.triggers().get(name);
      if (output.isJson()) {
        terminal.line(Output.json(trigger));
      } else {
        print(trigger, terminal);
      }
    }
  }

  @Command(
      name = "apply",
      description = "Makes triggers or changes them, from a YAML file.",
      mixinStandardHelpOptions = true)
  static final class Apply implements Callable<Integer> {
    @Parameters(paramLabel = "FILE", description = "The triggers, a YAML file.")
    private Path file = Path.of("");

    @Option(
        names = "--secret-file",
        paramLabel = "FILE",
        description = "Where the secret of the file's hooks is, so that it is in no document.")
    private @Nullable Path secretFile;

    @Override
    public Integer call() {
      var documents = Documents.read(file, ProblemCode.TRIGGER_INVALID);
      return OnServer.run((pipewright, terminal) -> {
        for (var each : documents) {
          if (secretFile != null && each.document().get("hook") instanceof ObjectNode hook) {
            hook.put("secret", Pipelines.read(secretFile).strip());
          }
          print(pipewright.triggers().apply(each.name(), each.document()), terminal);
        }
      });
    }
  }

  @Command(
      name = "history",
      description = "Says what a trigger made of what it was told last.",
      mixinStandardHelpOptions = true)
  static final class History extends OnOne {
    @Mixin private Output output = new Output();

    @Override
    void act(Pipewright pipewright, String name, Terminal terminal) {
      output.print(
          terminal,
          pipewright.triggers().history(name, null).items(),
          FireLines.HEAD,
          FireLines::row);
    }
  }

  @Command(
      name = "pause",
      description = "Lets a trigger start nothing for now.",
      mixinStandardHelpOptions = true)
  static final class Pause extends OnOne {
    @Override
    void act(Pipewright pipewright, String name, Terminal terminal) {
      print(pipewright.triggers().pause(name), terminal);
    }
  }

  @Command(
      name = "resume",
      description = "Lets a paused trigger go on.",
      mixinStandardHelpOptions = true)
  static final class Resume extends OnOne {
    @Override
    void act(Pipewright pipewright, String name, Terminal terminal) {
      print(pipewright.triggers().resume(name), terminal);
    }
  }

  @Command(
      name = "delete",
      description = "Deletes a trigger; runs that it started stay.",
      mixinStandardHelpOptions = true)
  static final class Delete extends OnOne {
    @Override
    void act(Pipewright pipewright, String name, Terminal terminal) {
      pipewright.triggers().delete(name);
      terminal.line("Deleted the trigger " + name + ".");
    }
  }

  private static void print(Trigger trigger, Terminal terminal) {
    terminal.line(
        terminal.bold(trigger.name()) + (trigger.paused() ? terminal.yellow(" paused") : ""));
    terminal.line("  runs   " + trigger.spec().pipeline());
    terminal.line("  on     " + on(trigger));
    if (trigger.hookPath() != null) {
      terminal.line("  hook   " + trigger.hookPath());
    }
    terminal.line("  last   " + FireLines.last(trigger.last()));
  }

  private static String on(Trigger trigger) {
    var hook = trigger.spec().hook();
    var on = trigger.spec().on();
    if (hook != null) {
      return hook.kind() + " hook";
    }
    return on == null ? "-" : on.event() + (on.name() == null ? "" : " of " + on.name());
  }
}
