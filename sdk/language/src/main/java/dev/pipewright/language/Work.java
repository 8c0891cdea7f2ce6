package dev.pipewright.language;

import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.task.ValueType;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a task does.
public sealed interface Work {
  /// For people, in one line.
  String label();

  /// A built-in task.
  ///
  /// @param uses such as `pipewright/split@v1`
  record Builtin(String uses) implements Work {
    @Override
    public String label() {
      return uses;
    }
  }

  /// A program, run without a shell.
  ///
  /// @param files of the pipeline that are laid into its working folder
  record Command(List<String> words, List<String> files) implements Work {
    public Command {
      words = List.copyOf(words);
      files = List.copyOf(files);
    }

    @Override
    public String label() {
      return String.join(" ", words).replaceAll("\\s+", " ").strip();
    }
  }

  /// Another pipeline, run as a task: its params are the task's inputs.
  ///
  /// @param version null while no server has said which is the latest
  record Call(String pipeline, @Nullable Integer version) implements Work {
    @Override
    public String label() {
      return version == null ? pipeline : pipeline + "@" + version;
    }
  }

  /// Waits for a person, who may fill in what is asked for.
  ///
  /// @param inputs by name, what the person is asked for; each is an output of the task
  /// @param deadline null for none
  /// @param approveOnDeadline whether nobody's answer is a yes; otherwise the task fails
  record Approval(
      Value message,
      Map<String, Input> inputs,
      @Nullable Duration deadline,
      boolean approveOnDeadline)
      implements Work {
    public Approval {
      inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    }

    /// What a person is asked for.
    ///
    /// @param defaultValue null where it must be given
    public record Input(
        ValueType type, @Nullable JsonNode defaultValue, @Nullable String description) {}

    @Override
    public String label() {
      return "approval";
    }
  }
}
