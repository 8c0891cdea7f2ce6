package dev.pipewright.tracker.mlflow;

import graphql.language.Document;
import graphql.language.Field;
import graphql.language.FragmentDefinition;
import graphql.language.FragmentSpread;
import graphql.language.InlineFragment;
import graphql.language.OperationDefinition;
import graphql.language.SelectionSet;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// How large a GraphQL query may be, so that one request does not ask for a thousand answers.
final class QueryLimits {
  private static final int ROOT_FIELDS = 10;
  private static final int ALIASES = 10;
  private static final int DEPTH = 10;
  private static final int SELECTIONS = 1000;

  private final Map<String, SelectionSet> fragments;
  private int rootFields;
  private int aliases;
  private int selections;

  private QueryLimits(Document query) {
    fragments =
        query.getDefinitionsOfType(FragmentDefinition.class).stream()
            .collect(
                Collectors.toMap(
                    FragmentDefinition::getName, FragmentDefinition::getSelectionSet, (a, b) -> a));
  }

  /// What is too much. Empty when the query may run.
  static Optional<String> exceeded(Document query) {
    var limits = new QueryLimits(query);
    for (var operation : query.getDefinitionsOfType(OperationDefinition.class)) {
      var exceeded = limits.look(operation.getSelectionSet());
      if (exceeded.isPresent()) {
        return exceeded;
      }
    }
    if (limits.rootFields > ROOT_FIELDS) {
      return Optional.of(tooMany("root fields", ROOT_FIELDS, limits.rootFields));
    }
    return limits.aliases > ALIASES
        ? Optional.of(tooMany("aliases", ALIASES, limits.aliases))
        : Optional.empty();
  }

  private static String tooMany(String what, int most, int count) {
    return "GraphQL queries should have at most %d %s, got %d %s. Split the query."
        .formatted(most, what, count, what);
  }

  private record Level(SelectionSet selections, int depth) {}

  private Optional<String> look(SelectionSet operation) {
    var open = new ArrayDeque<Level>();
    open.push(new Level(operation, 1));
    while (!open.isEmpty()) {
      var level = open.pop();
      if (level.depth > DEPTH) {
        return Optional.of("Query exceeds maximum depth of " + DEPTH);
      }
      var fields = fields(level.selections);
      aliases =
          Math.max(
              aliases, (int) fields.stream().filter(field -> field.getAlias() != null).count());
      rootFields += level.depth == 1 ? fields.size() : 0;
      selections += fields.size();
      if (selections > SELECTIONS) {
        return Optional.of("Query exceeds maximum total selections of " + SELECTIONS);
      }
      for (var field : fields) {
        if (field.getSelectionSet() != null) {
          open.push(new Level(field.getSelectionSet(), level.depth + 1));
        }
      }
    }
    return Optional.empty();
  }

  /// Those of a level, with the ones that fragments bring in, each fragment once.
  private List<Field> fields(SelectionSet selectionSet) {
    var fields = new ArrayList<Field>();
    var seen = new HashSet<String>();
    var open = new ArrayDeque<Object>(selectionSet.getSelections());
    while (!open.isEmpty()) {
      switch (open.pop()) {
        case Field field -> fields.add(field);
        case InlineFragment inline -> open.addAll(inline.getSelectionSet().getSelections());
        case FragmentSpread spread -> {
          var fragment = fragments.get(spread.getName());
          if (fragment != null && seen.add(spread.getName())) {
            open.addAll(fragment.getSelections());
          }
        }
        default -> throw new IllegalArgumentException("an unknown kind of selection");
      }
    }
    return fields;
  }
}
