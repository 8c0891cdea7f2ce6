package dev.pipewright.tracker.search;

import static dev.pipewright.tracker.search.Entity.ATTRIBUTE;
import static dev.pipewright.tracker.search.Entity.DATASET;
import static dev.pipewright.tracker.search.Entity.EXPECTATION;
import static dev.pipewright.tracker.search.Entity.FEEDBACK;
import static dev.pipewright.tracker.search.Entity.ISSUE;
import static dev.pipewright.tracker.search.Entity.METRIC;
import static dev.pipewright.tracker.search.Entity.PARAMETER;
import static dev.pipewright.tracker.search.Entity.REQUEST_METADATA;
import static dev.pipewright.tracker.search.Entity.SPAN;
import static dev.pipewright.tracker.search.Entity.TAG;

import dev.pipewright.tracker.search.Filter.Operator;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Which names, types and comparators are legal in the filters and orders of one kind of thing.
public final class FilterSchema {
  private static final String[] NOTHING = {};

  enum Type {
    TEXT,
    NUMBER,
    /// Text with `=` and `LIKE`, numbers with `<` and `>`: what assessments hold.
    EITHER
  }

  private record Attribute(Field field, Type type) {}

  public static final FilterSchema RUNS =
      new FilterSchema()
          .entity(METRIC, "metric", "metrics")
          .entity(PARAMETER, "parameter", "parameters", "param", "params")
          .entity(TAG, "tag", "tags")
          .entity(ATTRIBUTE, "attribute", "attributes", "attr", "run")
          .entity(DATASET, "dataset", "datasets")
          .text("run_id")
          .text("run_name", "run name", "Run name", "Run Name")
          .text("user_id")
          .text("status")
          .text("artifact_uri")
          .number("start_time", "created", "Created")
          .number("end_time")
          .orderEntities(METRIC, PARAMETER, TAG, ATTRIBUTE);

  public static final FilterSchema EXPERIMENTS =
      new FilterSchema()
          .entity(ATTRIBUTE, "attribute")
          .entity(TAG, "tag", "tags")
          .text("name")
          .text("experiment_id")
          .number("creation_time")
          .number("last_update_time");

  /// Its orders are [#REGISTERED_MODELS_ORDER]'s.
  public static final FilterSchema REGISTERED_MODELS =
      new FilterSchema().entity(ATTRIBUTE, "attribute").entity(TAG, "tag", "tags").text("name");

  public static final FilterSchema REGISTERED_MODELS_ORDER =
      new FilterSchema()
          .entity(ATTRIBUTE, "attribute")
          .number("last_updated_timestamp", "timestamp")
          .text("name")
          .orderError("Invalid order by key '%s' specified. Valid keys are %s");

  public static final FilterSchema MODEL_VERSIONS =
      new FilterSchema()
          .entity(ATTRIBUTE, "attribute")
          .entity(TAG, "tag", "tags")
          .text("name")
          .text("run_id")
          .text("source_path")
          .number("version_number")
          .number("creation_timestamp")
          .number("last_updated_timestamp")
          .order("name", "version_number", "creation_timestamp", "last_updated_timestamp");

  public static final FilterSchema LOGGED_MODELS =
      new FilterSchema()
          .entity(METRIC, "metric", "metrics")
          .entity(PARAMETER, "parameter", "parameters", "param", "params")
          .entity(TAG, "tag", "tags")
          .entity(ATTRIBUTE, "attribute", "attributes", "attr")
          .text("name")
          .text("model_id")
          .text("model_type")
          .text("status")
          .text("source_run_id")
          .number("creation_timestamp", "creation_time")
          .number("last_updated_timestamp", "last_updated_time")
          .orderEntities(METRIC, ATTRIBUTE)
          .words("Invalid filter string", "Invalid comparison operator");

  public static final FilterSchema TRACES =
      new FilterSchema()
          .entity(TAG, "tag", "tags")
          .entity(ATTRIBUTE, "attribute", "attributes", "trace")
          .entity(REQUEST_METADATA, "request_metadata", "metadata")
          .entity(SPAN, "span")
          .entity(FEEDBACK, "feedback")
          .entity(EXPECTATION, "expectation")
          .entity(ISSUE, "issue")
          .text("request_id")
          .text("status")
          .text("client_request_id")
          .text("experiment_id")
          .number("timestamp_ms", "timestamp")
          .number("execution_time_ms", "execution_time")
          .number("end_time_ms", "end_time")
          .alias("name", new Field(TAG, "mlflow.traceName"))
          .alias("prompt", new Field(TAG, "mlflow.linkedPrompts"))
          .alias("run_id", new Field(REQUEST_METADATA, "mlflow.sourceRun"))
          .alias("text", new Field(SPAN, "content"))
          .orderEntities(ATTRIBUTE, TAG, REQUEST_METADATA)
          .order(
              "experiment_id",
              "timestamp_ms",
              "timestamp",
              "execution_time_ms",
              "execution_time",
              "end_time_ms",
              "end_time",
              "status",
              "request_id",
              "name",
              "run_id")
          .withRegularExpressions();

  public static final FilterSchema EVALUATION_DATASETS =
      new FilterSchema()
          .entity(ATTRIBUTE, "attribute")
          .entity(TAG, "tag", "tags")
          .text("name")
          .text("created_by")
          .text("last_updated_by")
          .number("created_time")
          .number("last_update_time")
          .order("name", "created_time", "last_update_time");

  private static final Set<String> DATASET_KEYS = names("name", "digest", "context");
  private static final Set<String> SPAN_KEYS = names("name", "type", "status", "content");
  private static final String SPAN_ATTRIBUTES = "attributes.";

  private final Map<String, Entity> entities = new LinkedHashMap<>();
  private final Map<String, Attribute> attributes = new LinkedHashMap<>();
  private Set<Entity> orderEntities = EnumSet.of(ATTRIBUTE);
  private Set<String> orderKeys = Set.of();
  private String orderError = "Invalid attribute key '%s' specified. Valid keys are %s";
  private String clauseError = "Invalid clause(s) in filter string";
  private String comparatorError = "Invalid comparator";
  private boolean regularExpressions;

  private FilterSchema() {}

  private FilterSchema entity(Entity entity, String... names) {
    for (var name : names) {
      entities.put(name, entity);
    }
    return this;
  }

  private FilterSchema text(String key, String... aliases) {
    return attribute(key, Type.TEXT, aliases);
  }

  private FilterSchema number(String key, String... aliases) {
    return attribute(key, Type.NUMBER, aliases);
  }

  private FilterSchema attribute(String key, Type type, String... aliases) {
    var attribute = new Attribute(new Field(ATTRIBUTE, key), type);
    attributes.put(key, attribute);
    for (var alias : aliases) {
      attributes.put(alias, attribute);
    }
    return this;
  }

  private FilterSchema alias(String key, Field field) {
    attributes.put(key, new Attribute(field, Type.TEXT));
    return this;
  }

  private FilterSchema orderEntities(Entity first, Entity... others) {
    orderEntities = EnumSet.of(first, others);
    return this;
  }

  private FilterSchema order(String... keys) {
    orderKeys = names(keys);
    return this;
  }

  private FilterSchema orderError(String format) {
    orderError = format;
    return this;
  }

  private FilterSchema words(String clause, String comparator) {
    clauseError = clause;
    comparatorError = comparator;
    return this;
  }

  private FilterSchema withRegularExpressions() {
    regularExpressions = true;
    return this;
  }

  private static Set<String> names(String... names) {
    return Collections.unmodifiableSet(new LinkedHashSet<>(Arrays.asList(names)));
  }

  String clauseError() {
    return clauseError;
  }

  /// @param entity the part before the first dot; empty when there is none
  Field field(String entity, String key, int position) {
    return field(
        entity,
        key,
        position,
        attributes.keySet(),
        "Invalid attribute key '%s' specified. Valid keys are %s");
  }

  Field orderField(String entity, String key, int position) {
    var field =
        field(
            entity,
            key,
            position,
            orderKeys.isEmpty() ? attributes.keySet() : orderKeys,
            orderError);
    if (!orderEntities.contains(field.entity())) {
      throw new InvalidFilter(
          "Invalid identifier type '%s': nothing can be ordered by it. Order by one of %s."
              .formatted(
                  field.entity().word(),
                  orderEntities.stream().map(Entity::word).collect(Collectors.joining(", "))),
          position);
    }
    return field;
  }

  private Field field(
      String prefix, String key, int position, Set<String> attributeKeys, String attributeError) {
    var entity = prefix.isEmpty() ? ATTRIBUTE : entities.get(prefix);
    if (entity == null) {
      throw new InvalidFilter(
          "Invalid entity type '%s'. Valid values are %s".formatted(prefix, entities.keySet()),
          position);
    }
    return switch (entity) {
      case ATTRIBUTE -> {
        var attribute = attributes.get(key);
        if (attribute == null || !attributeKeys.contains(key)) {
          throw new InvalidFilter(attributeError.formatted(key, quoted(attributeKeys)), position);
        }
        yield attribute.field;
      }
      case DATASET -> closed(entity, key, DATASET_KEYS, position);
      case ISSUE -> closed(entity, key, Set.of("id"), position);
      case SPAN ->
          key.startsWith(SPAN_ATTRIBUTES) && key.length() > SPAN_ATTRIBUTES.length()
              ? new Field(SPAN, key)
              : closed(entity, key, SPAN_KEYS, position);
      case METRIC, PARAMETER, TAG, REQUEST_METADATA, FEEDBACK, EXPECTATION -> {
        if (key.isEmpty()) {
          throw new InvalidFilter(
              "Invalid identifier '%s.': a key must follow the dot.".formatted(prefix), position);
        }
        yield new Field(entity, key);
      }
    };
  }

  private static Field closed(Entity entity, String key, Set<String> keys, int position) {
    if (!keys.contains(key)) {
      throw new InvalidFilter(
          "Invalid %s %s '%s' specified. Valid keys are %s"
              .formatted(entity.word(), entity == DATASET ? "key" : "attribute", key, quoted(keys)),
          position);
    }
    return new Field(entity, key);
  }

  private static String quoted(Set<String> keys) {
    return keys.stream().map("'%s'"::formatted).collect(Collectors.joining(", ", "{", "}"));
  }

  Type type(Field field) {
    return switch (field.entity()) {
      case METRIC -> Type.NUMBER;
      case FEEDBACK, EXPECTATION -> Type.EITHER;
      case ATTRIBUTE -> {
        var attribute = attributes.get(field.key());
        yield attribute == null ? Type.TEXT : attribute.type;
      }
      case PARAMETER, TAG, DATASET, REQUEST_METADATA, SPAN, ISSUE -> Type.TEXT;
    };
  }

  /// Refuses a comparator that the field's type does not have.
  void check(Field field, String comparator, int position) {
    var legal = comparators(field);
    if (!legal.contains(comparator)) {
      throw new InvalidFilter(
          "%s '%s' for %s '%s': not one of %s"
              .formatted(
                  comparatorError,
                  comparator,
                  field.entity().word(),
                  field.key(),
                  String.join(", ", legal)),
          position);
    }
  }

  private Set<String> comparators(Field field) {
    boolean content = field.entity() == SPAN && field.key().equals("content");
    var type = type(field);
    var legal =
        Arrays.stream(Operator.values())
            .filter(operator -> operator != Operator.RLIKE || (regularExpressions && !content))
            .filter(operator -> operator.matching() || !content)
            .filter(operator -> type != Type.NUMBER || !operator.matching())
            .filter(operator -> type != Type.TEXT || !operator.ordering())
            .map(Operator::text);
    var lists = type == Type.TEXT && !content ? new String[] {"IN", "NOT IN"} : NOTHING;
    return Stream.concat(
            Stream.concat(legal, Arrays.stream(lists)), Stream.of("IS NULL", "IS NOT NULL"))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }
}
