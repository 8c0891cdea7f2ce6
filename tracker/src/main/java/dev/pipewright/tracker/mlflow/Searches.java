package dev.pipewright.tracker.mlflow;

import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.search.Entity;
import dev.pipewright.tracker.search.EntitySearchStore.Key;
import dev.pipewright.tracker.search.Field;
import dev.pipewright.tracker.search.Filter;
import dev.pipewright.tracker.search.OrderBy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the searches of the protocol have in common.
final class Searches {
  static final List<String> VIEWS = List.of("ACTIVE_ONLY", "DELETED_ONLY", "ALL");

  private Searches() {}

  /// @param view one of [#VIEWS]; null for the active ones
  static String lifecycle(String deletedAt, @Nullable String view) {
    return switch (view) {
      case "ALL" -> "";
      case "DELETED_ONLY" -> " and " + deletedAt + " is not null";
      case null, default -> " and " + deletedAt + " is null";
    };
  }

  static int maxResults(Call call, int otherwise, int most) {
    long asked = call.integer("max_results", otherwise);
    if (asked <= 0 || asked > most) {
      throw MlflowError.invalid(
          "Invalid value "
              + asked
              + " for parameter 'max_results' supplied. "
              + (asked <= 0
                  ? "It must be a positive integer"
                  : "It must be at most " + most + ", but got value " + asked));
    }
    return (int) asked;
  }

  static @Nullable String filter(Call call) {
    var filter = call.string("filter");
    return filter == null || filter.isEmpty() ? null : filter;
  }

  /// @param columns by the name of an attribute
  /// @param last what tells rows apart that are equal in what was asked for
  static List<Key> order(List<OrderBy> asked, Map<String, Key> columns, List<Key> last) {
    var keys = new ArrayList<Key>();
    for (var each : asked) {
      var column = columns.get(each.field().key());
      if (column == null) {
        throw MlflowError.invalid(
            "Invalid order by key '"
                + each.field().key()
                + "' specified. Valid keys are "
                + columns.keySet());
      }
      keys.add(new Key(column.expression(), column.type(), each.ascending()));
    }
    for (var each : last) {
      if (keys.stream().noneMatch(key -> key.expression().equals(each.expression()))) {
        keys.add(each);
      }
    }
    return keys;
  }

  /// Whether a filter asks for prompts, which searches leave out otherwise.
  static boolean asksForPrompts(Filter filter) {
    return switch (filter) {
      case Filter.And(var parts) -> parts.stream().anyMatch(Searches::asksForPrompts);
      case Filter.Or(var parts) -> parts.stream().anyMatch(Searches::asksForPrompts);
      case Filter.Not(var part) -> asksForPrompts(part);
      case Filter.Compare(var field, var operator, var value) ->
          isPromptTag(field)
              && (operator == Filter.Operator.EQ && "true".equalsIgnoreCase(value.toString())
                  || operator == Filter.Operator.NE && "false".equalsIgnoreCase(value.toString()));
      case Filter.In(var field, var values, var negated) ->
          isPromptTag(field) && values.contains("true") != negated;
      case Filter.IsNull(var field, var negated) -> isPromptTag(field) && negated;
    };
  }

  static boolean isPromptTag(Field field) {
    return field.entity() == Entity.TAG && field.key().equals(RegistryCalls.PROMPT_TAG);
  }
}
