package dev.pipewright.tune;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Nearest;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a study is to do. Immutable, and all that is wrong with it is thrown at once.
///
/// @param objectives one, or several to find trade-offs between
/// @param maxTrials after so many no further trial is made; null where the user stops asking
public record StudySpec(
    SearchSpace space,
    List<Objective> objectives,
    Sampler sampler,
    Pruner pruner,
    long seed,
    @Nullable Integer maxTrials) {
  private static final ObjectMapper STRICT =
      Json.configure(new ObjectMapper())
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);
  private static final Set<String> KEYS =
      Set.of("space", "objectives", "sampler", "pruner", "seed", "maxTrials");

  public StudySpec {
    objectives = List.copyOf(objectives);
    var errors = check(space, objectives, sampler, pruner, maxTrials);
    if (!errors.isEmpty()) {
      throw invalid(errors);
    }
  }

  public static StudySpec of(SearchSpace space, Objective... objectives) {
    return new StudySpec(space, List.of(objectives), new Tpe(), new NoPruner(), 0, null);
  }

  public StudySpec sampledBy(Sampler other) {
    return new StudySpec(space, objectives, other, pruner, seed, maxTrials);
  }

  public StudySpec prunedBy(Pruner other) {
    return new StudySpec(space, objectives, sampler, other, seed, maxTrials);
  }

  public StudySpec seededWith(long other) {
    return new StudySpec(space, objectives, sampler, pruner, other, maxTrials);
  }

  public StudySpec upTo(int trials) {
    return new StudySpec(space, objectives, sampler, pruner, seed, trials);
  }

  private static List<Problem.Violation> check(
      SearchSpace space,
      List<Objective> objectives,
      Sampler sampler,
      Pruner pruner,
      @Nullable Integer maxTrials) {
    var errors = new ArrayList<Problem.Violation>();
    if (objectives.isEmpty()) {
      errors.add(
          SpaceRules.error(
              "OBJECTIVE_MISSING",
              "objectives",
              "The study has no objective",
              "Name a metric and its direction."));
    }
    var names = new HashSet<String>();
    for (var objective : objectives) {
      if (objective.name() == null || objective.name().isBlank()) {
        errors.add(
            SpaceRules.error(
                "NAME_EMPTY", "objectives", "An objective has no name", "Name the metric."));
      } else if (!names.add(objective.name())) {
        errors.add(
            SpaceRules.error(
                "NAME_TWICE",
                "objectives",
                "There are two objectives '%s'".formatted(objective.name()),
                "Drop one."));
      }
    }
    if (objectives.size() > 1 && !(pruner instanceof NoPruner)) {
      errors.add(
          SpaceRules.error(
              "PRUNER_ONE_OBJECTIVE",
              "pruner",
              "A pruner needs one objective, the study has %d".formatted(objectives.size()),
              "Drop the pruner."));
    }
    if (maxTrials != null && maxTrials < 1) {
      errors.add(
          SpaceRules.error(
              "MAX_TRIALS_INVALID",
              "maxTrials",
              "maxTrials is %d".formatted(maxTrials),
              "Allow one trial or more."));
    }
    if (!objectives.isEmpty()) {
      errors.addAll(sampler.check(space, objectives));
    }
    errors.addAll(pruner.check());
    return errors;
  }

  private static ProblemException invalid(List<Problem.Violation> errors) {
    return new ProblemException(
        Problem.of(ProblemCode.STUDY_INVALID, errors.getFirst().message(), errors));
  }

  /// Reads `{"space": {…}, "objectives": [{"name": "auc", "direction": "maximize"}], "sampler":
  /// {"type": "tpe"}, "pruner": {"type": "asha", "min": 1, "max": 81}, "seed": 7, "maxTrials":
  /// 100}`. Only the space and the objectives are needed; a sampler or pruner may be its type's
  /// name.
  public static StudySpec read(JsonNode json) {
    var errors = new ArrayList<Problem.Violation>();
    json.fieldNames()
        .forEachRemaining(key -> {
          if (!KEYS.contains(key)) {
            errors.add(
                SpaceRules.error(
                    "UNKNOWN_KEY",
                    key,
                    "A study has no '%s'".formatted(key),
                    Nearest.likely(key, KEYS)
                        .map("Did you mean '%s'?"::formatted)
                        .orElse("Drop it.")));
          }
        });
    SearchSpace space = null;
    try {
      space = SearchSpace.read(json.path("space"));
    } catch (ProblemException e) {
      for (var error : e.problem().errors()) {
        var path = error.path() == null ? "space" : "space." + error.path();
        errors.add(SpaceRules.error(error.code(), path, error.message(), error.remedy()));
      }
    }
    var objectives = new ArrayList<Objective>();
    var listed = json.path("objectives");
    if (listed.isArray()) {
      for (var one : listed) {
        if (one.isObject()) {
          part("objectives", one, Objective.class, errors, objectives);
        } else {
          errors.add(mismatch("objectives", "An objective is no object", "Name a metric."));
        }
      }
    } else if (json.hasNonNull("objectives")) {
      errors.add(mismatch("objectives", "'objectives' is no list", "Give a list."));
    }
    var samplers = new ArrayList<Sampler>();
    var pruners = new ArrayList<Pruner>();
    part("sampler", typed(json.path("sampler"), "tpe"), Sampler.class, errors, samplers);
    part("pruner", typed(json.path("pruner"), "none"), Pruner.class, errors, pruners);
    long seed = 0;
    if (json.hasNonNull("seed")) {
      var given = json.get("seed");
      if (given.isIntegralNumber() && given.canConvertToLong()) {
        seed = given.longValue();
      } else {
        errors.add(mismatch("seed", "The seed is no whole number", "Give one of 64 bits."));
      }
    }
    Integer maxTrials = null;
    if (json.hasNonNull("maxTrials")) {
      var given = json.get("maxTrials");
      if (given.isIntegralNumber() && given.canConvertToInt()) {
        maxTrials = given.intValue();
      } else {
        errors.add(mismatch("maxTrials", "maxTrials is no whole number", "Give one of 32 bits."));
      }
    }
    if (!errors.isEmpty()) {
      throw invalid(errors);
    }
    return new StudySpec(
        space, objectives, samplers.getFirst(), pruners.getFirst(), seed, maxTrials);
  }

  private static Problem.Violation mismatch(String key, String message, String remedy) {
    return SpaceRules.error("TYPE_MISMATCH", key, message, remedy);
  }

  private static JsonNode typed(JsonNode json, String otherwise) {
    return json.isObject()
        ? json
        : JsonNodeFactory.instance.objectNode().put("type", json.asText(otherwise));
  }

  private static <T> void part(
      String path, JsonNode json, Class<T> type, List<Problem.Violation> errors, List<T> into) {
    try {
      into.add(STRICT.treeToValue(json, type));
    } catch (UnrecognizedPropertyException e) {
      var known = e.getKnownPropertyIds().stream().map(String::valueOf).toList();
      errors.add(
          SpaceRules.error(
              "UNKNOWN_KEY",
              path + "." + e.getPropertyName(),
              "'%s' has no '%s'".formatted(path, e.getPropertyName()),
              "It has %s.".formatted(String.join(", ", known))));
    } catch (InvalidTypeIdException e) {
      errors.add(
          SpaceRules.error(
              "TYPE_UNKNOWN",
              path + ".type",
              "There is no %s '%s'".formatted(path, e.getTypeId()),
              type == Sampler.class
                  ? "Take tpe, random, grid, cmaes or nsga2."
                  : "Take none, median, percentile, patience, halving, asha or hyperband."));
    } catch (MismatchedInputException e) {
      var member = e.getPath().isEmpty() ? path : path + "." + e.getPath().getLast().getFieldName();
      errors.add(
          SpaceRules.error(
              "TYPE_MISMATCH",
              member,
              "'%s' has an unusable value".formatted(member),
              "Correct it."));
    } catch (JsonProcessingException e) {
      errors.add(
          SpaceRules.error(
              "UNREADABLE", path, "'%s' cannot be read".formatted(path), "Correct it."));
    }
  }

  public ObjectNode toJson() {
    var json = JsonNodeFactory.instance.objectNode();
    json.set("space", space.toJson());
    json.set("objectives", STRICT.valueToTree(objectives));
    json.set("sampler", STRICT.valueToTree(sampler));
    json.set("pruner", STRICT.valueToTree(pruner));
    json.put("seed", seed);
    if (maxTrials != null) {
      json.put("maxTrials", maxTrials);
    }
    return json;
  }
}
