package dev.pipewright.language;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.cel.common.CelOptions;
import dev.cel.common.types.CelKind;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelEvaluationExceptionBuilder;
import dev.cel.runtime.CelFunctionBinding;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import dev.cel.runtime.CelStandardFunctions;
import dev.cel.runtime.CelStandardFunctions.StandardFunction.Overload.Arithmetic;
import dev.cel.runtime.RuntimeHelpers;
import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.task.ValueType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What the expressions of one pipeline may name, and of what types: `params.x`,
/// `tasks.y.outputs.z`, and what there is in the [Context] of each.
///
/// Task names may hold hyphens, which CEL would read as minus. The parser is therefore given
/// underscores in their place; as a name cannot hold underscores, no two names become one, and
/// every column stays where it was.
final class Scope {
  private static final CelOptions OPTIONS =
      CelOptions.current()
          .enableHeterogeneousNumericComparisons(true)
          // Among the words that CEL keeps for itself is `loop`.
          .enableReservedIds(false)
          .comprehensionMaxIterations(10_000)
          .maxParseRecursionDepth(100)
          .maxExpressionCodePointSize(10_000)
          .build();

  private static final long MOST_MADE = 10_000_000;

  private static final String PARAMS = "pipewright.Params";
  private static final String TASKS = "pipewright.Tasks";
  private static final String TASK = "pipewright.Task.";
  private static final String OUTPUTS = "pipewright.Outputs.";
  private static final String MATRIX = "pipewright.Matrix";
  private static final String LOOP = "pipewright.Loop";
  private static final String LOOP_OUTPUTS = "pipewright.LoopOutputs";
  private static final String TRIAL = "pipewright.Trial";
  private static final String FAILURE = "pipewright.Failure";
  private static final String RUN = "pipewright.Run";
  private static final Map<ValueType, StructType> DATA = new HashMap<>();

  static {
    for (var type : ValueType.values()) {
      if (type.isData()) {
        DATA.put(
            type,
            struct(
                "pipewright." + type.word(),
                Map.of(
                    "kind",
                    SimpleType.STRING,
                    "name",
                    SimpleType.STRING,
                    "digest",
                    SimpleType.STRING,
                    "size",
                    SimpleType.INT,
                    "files",
                    ListType.create(SimpleType.DYN),
                    "runId",
                    SimpleType.STRING,
                    "modelId",
                    SimpleType.STRING)));
      }
    }
  }

  private final Map<String, ValueType> params;
  private final Map<String, Outputs> tasks;
  private final Set<String> unusableParams;
  private final Set<String> unusableTasks;
  private final Map<String, String> taskByAlias = new HashMap<>();
  private @Nullable CelCompiler compiler;
  private Context context = Context.TASK;

  /// The outputs of a task, as other tasks see them.
  ///
  /// @param list whether each is a list of what the instances left
  /// @param gaps whether such a list may lack some
  /// @param open whether nothing is known of them
  record Outputs(
      Map<String, TaskLaunch.Output> declared, boolean list, boolean gaps, boolean open) {
    static Outputs of(Map<String, TaskLaunch.Output> declared) {
      return new Outputs(declared, false, false, false);
    }

    boolean has(String name) {
      return open || declared.containsKey(name);
    }

    Set<String> names() {
      return declared.keySet();
    }

    CelType type(String name) {
      var output = declared.get(name);
      if (output == null) {
        return list ? ListType.create(SimpleType.DYN) : SimpleType.DYN;
      }
      var type = typeOf(output.type());
      if (!list) {
        return type;
      }
      return ListType.create(gaps || !output.required() ? SimpleType.DYN : type);
    }
  }

  /// @param params types by name
  /// @param tasks outputs by task
  Scope(Map<String, ValueType> params, Map<String, Outputs> tasks) {
    this(params, tasks, Set.of(), Set.of());
  }

  /// @param unusableParams those declared wrongly: naming one is not another error
  /// @param unusableTasks likewise
  Scope(
      Map<String, ValueType> params,
      Map<String, Outputs> tasks,
      Set<String> unusableParams,
      Set<String> unusableTasks) {
    this.unusableParams = Set.copyOf(unusableParams);
    this.unusableTasks = Set.copyOf(unusableTasks);
    this.params = new LinkedHashMap<>(params);
    this.tasks = new LinkedHashMap<>(tasks);
    tasks.keySet().forEach(task -> taskByAlias.put(alias(task), task));
  }

  Map<String, ValueType> params() {
    return params;
  }

  Map<String, Outputs> tasks() {
    return tasks;
  }

  boolean unusableParam(String param) {
    return unusableParams.contains(param);
  }

  boolean unusableTask(String task) {
    return unusableTasks.contains(task);
  }

  /// A task's name as the parser sees it.
  static String alias(String task) {
    return task.replace('-', '_');
  }

  /// The task that the parser's name stands for; without hyphens where there is no such task.
  String taskOf(String alias) {
    return taskByAlias.getOrDefault(alias, alias.replace('_', '-'));
  }

  /// Building it costs a good part of a second the first time, so a pipeline of plain references
  /// never does.
  CelCompiler compiler() {
    if (compiler == null) {
      compiler =
          CelCompilerFactory.standardCelCompilerBuilder()
              .setOptions(OPTIONS)
              .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
              .setTypeProvider(new Types())
              .addVar("params", type(PARAMS))
              .addVar("tasks", type(TASKS))
              .addVar("matrix", type(MATRIX))
              .addVar("loop", type(LOOP))
              .addVar("trial", type(TRIAL))
              .addVar("failure", type(FAILURE))
              .addVar("run", type(RUN))
              .build();
    }
    return compiler;
  }

  /// What the next expression that is checked can name.
  void enter(Context context) {
    this.context = context;
  }

  static CelRuntime runtime() {
    return Runtime.INSTANCE;
  }

  /// Made when the first expression needs it.
  ///
  /// CEL bounds how often an expression iterates, but not what it puts together: each level of `[s
  /// + s].map(a, [a + a].map(…))` doubles it. So what `+` makes in one evaluation is counted.
  private static final class Runtime {
    private static final ThreadLocal<long[]> MADE = ThreadLocal.withInitial(() -> new long[1]);

    static final CelRuntime INSTANCE =
        CelRuntimeFactory.standardCelRuntimeBuilder()
            .setOptions(OPTIONS)
            .setStandardEnvironmentEnabled(false)
            .setStandardFunctions(
                CelStandardFunctions.newBuilder()
                    .filterFunctions((_, overload) ->
                        overload != Arithmetic.ADD_STRING && overload != Arithmetic.ADD_LIST)
                    .build())
            .addFunctionBindings(
                CelFunctionBinding.from(
                    "add_string",
                    String.class,
                    String.class,
                    (first, second) -> {
                      count(first.length() + (long) second.length());
                      return first + second;
                    }),
                CelFunctionBinding.from(
                    "add_list",
                    List.class,
                    List.class,
                    (first, second) -> {
                      // Comprehensions add item by item to what they have.
                      count(second.size());
                      return concat(first, second);
                    }))
            .build();

    @SuppressWarnings("unchecked")
    private static List<Object> concat(List<?> first, List<?> second) {
      return RuntimeHelpers.concat((List<Object>) first, (List<Object>) second);
    }

    private static void count(long more) throws CelEvaluationException {
      if ((MADE.get()[0] += more) > MOST_MADE) {
        throw CelEvaluationExceptionBuilder.newBuilder(
                "with '+' it makes more than %s characters and items", "%,d".formatted(MOST_MADE))
            .build();
      }
    }
  }

  /// Evaluates within limits.
  static @Nullable Object eval(CelRuntime.Program program, Map<String, ?> variables)
      throws CelEvaluationException {
    Runtime.MADE.get()[0] = 0;
    return program.eval(variables);
  }

  /// How a value of this type looks to an expression.
  static CelType typeOf(ValueType type) {
    return switch (type) {
      case STRING -> SimpleType.STRING;
      case INT -> SimpleType.INT;
      case DOUBLE -> SimpleType.DOUBLE;
      case BOOL -> SimpleType.BOOL;
      case JSON -> SimpleType.DYN;
      case DATASET, MODEL, ARTIFACT -> DATA.get(type);
    };
  }

  /// Whether a result of an expression can be used where this type is wanted.
  static boolean fits(ValueType wanted, CelType given) {
    if (given.kind() == CelKind.DYN) {
      return true;
    }
    return switch (wanted) {
      case STRING -> given.kind() == CelKind.STRING;
      case INT -> given.kind() == CelKind.INT;
      case DOUBLE -> given.kind() == CelKind.DOUBLE || given.kind() == CelKind.INT;
      case BOOL -> given.kind() == CelKind.BOOL;
      case JSON -> true;
      case DATASET, MODEL -> given.name().equals("pipewright." + wanted.word());
      case ARTIFACT -> data(given);
    };
  }

  static boolean data(CelType type) {
    return DATA.values().stream().anyMatch(data -> data.name().equals(type.name()));
  }

  /// A type in the words of the pipeline language.
  static String word(CelType type) {
    return switch (type.kind()) {
      case INT, UINT -> "int";
      case DOUBLE -> "double";
      case BOOL -> "bool";
      case STRING -> "string";
      case LIST -> "list";
      case MAP -> "map";
      case STRUCT -> type.name().substring(type.name().lastIndexOf('.') + 1);
      case DYN, ANY -> "json";
      default -> type.name();
    };
  }

  /// A type for a message.
  static String phrase(CelType type) {
    var word = word(type);
    return word.matches("[aeiou].*") ? "an " + word : "a " + word;
  }

  /// A JSON value as an expression sees it, by its declared type: a double stays one even where
  /// JSON writes `1`.
  static @Nullable Object toCel(CelType type, JsonNode value) {
    return switch (type.kind()) {
      case INT -> value.isNumber() ? (Object) value.longValue() : CelJson.toCel(value);
      case DOUBLE -> value.isNumber() ? (Object) value.doubleValue() : infinite(value);
      case LIST -> {
        if (!value.isArray() || !(type instanceof ListType listType)) {
          yield CelJson.toCel(value);
        }
        var list = new ArrayList<@Nullable Object>();
        value.forEach(item -> list.add(toCel(listType.elemType(), item)));
        yield list;
      }
      default -> CelJson.toCel(value);
    };
  }

  /// The type of the language that values of this type have.
  static ValueType valueType(CelType type) {
    return switch (type.kind()) {
      case STRING -> ValueType.STRING;
      case INT, UINT -> ValueType.INT;
      case DOUBLE -> ValueType.DOUBLE;
      case BOOL -> ValueType.BOOL;
      default ->
          DATA.entrySet().stream()
              .filter(data -> data.getValue().name().equals(type.name()))
              .map(Map.Entry::getKey)
              .findFirst()
              .orElse(ValueType.JSON);
    };
  }

  private static @Nullable Object infinite(JsonNode value) {
    return switch (value.asText()) {
      case "NaN" -> Double.NaN;
      case "Infinity" -> Double.POSITIVE_INFINITY;
      case "-Infinity" -> Double.NEGATIVE_INFINITY;
      default -> CelJson.toCel(value);
    };
  }

  /// Whether JSON can hold a result of this type.
  static boolean json(CelType type) {
    return switch (type.kind()) {
      case BOOL, INT, UINT, DOUBLE, STRING, DYN, ANY, NULL_TYPE, LIST, MAP -> true;
      case STRUCT -> data(type);
      default -> false;
    };
  }

  private CelType type(String name) {
    return new Types().findType(name).orElseThrow();
  }

  /// The types of this pipeline, made as they are asked for: a pipeline may have very many tasks.
  private final class Types implements CelTypeProvider {
    private final Map<String, Optional<CelType>> made = new HashMap<>();

    @Override
    public ImmutableCollection<CelType> types() {
      return ImmutableList.of();
    }

    @Override
    public Optional<CelType> findType(String name) {
      switch (name) {
        case MATRIX:
          return Optional.of(fields(name, context.fields("matrix")));
        case LOOP:
          var own = findType(LOOP_OUTPUTS).orElseThrow();
          return Optional.of(struct(name, Map.of("iteration", SimpleType.INT, "outputs", own)));
        case LOOP_OUTPUTS:
          return Optional.of(outputs(name, context.loop()));
        case TRIAL:
          return Optional.of(fields(name, context.fields("trial")));
        case FAILURE:
          return Optional.of(fields(name, context.fields("failure")));
        case RUN:
          return Optional.of(fields(name, context.fields("run")));
        default:
          break;
      }
      // Asked for with every expression; the type of all tasks names all of them.
      var known = made.get(name);
      if (known == null) {
        known = make(name);
        made.put(name, known);
      }
      return known;
    }

    private Optional<CelType> make(String name) {
      if (name.equals(PARAMS)) {
        return Optional.of(
            StructType.create(
                name,
                ImmutableSet.copyOf(params.keySet()),
                field -> Optional.ofNullable(params.get(field)).map(Scope::typeOf)));
      }
      if (name.equals(TASKS)) {
        return Optional.of(
            StructType.create(
                name,
                ImmutableSet.copyOf(taskByAlias.keySet()),
                field ->
                    taskByAlias.containsKey(field) ? findType(TASK + field) : Optional.empty()));
      }
      if (name.startsWith(TASK)) {
        var alias = name.substring(TASK.length());
        return Optional.of(
            StructType.create(
                name,
                ImmutableSet.of("outputs"),
                field -> field.equals("outputs") ? findType(OUTPUTS + alias) : Optional.empty()));
      }
      if (name.startsWith(OUTPUTS)) {
        return Optional.of(outputs(name, tasks.get(taskOf(name.substring(OUTPUTS.length())))));
      }
      return DATA.values().stream()
          .filter(type -> type.name().equals(name))
          .map(type -> (CelType) type)
          .findFirst();
    }
  }

  private static CelType outputs(String name, @Nullable Outputs outputs) {
    if (outputs == null) {
      return struct(name, Map.of());
    }
    if (outputs.open()) {
      return MapType.create(SimpleType.STRING, outputs.type(""));
    }
    return StructType.create(
        name,
        ImmutableSet.copyOf(outputs.names()),
        field -> outputs.has(field) ? Optional.of(outputs.type(field)) : Optional.empty());
  }

  private static CelType fields(String name, @Nullable Map<String, CelType> fields) {
    return struct(name, fields == null ? Map.of() : fields);
  }

  private static StructType struct(String name, Map<String, CelType> fields) {
    return StructType.create(
        name,
        ImmutableSet.copyOf(fields.keySet()),
        field -> Optional.ofNullable(fields.get(field)));
  }

  /// The names, for a message.
  static String list(Collection<String> names) {
    return names.isEmpty()
        ? "none"
        : names.stream().limit(20).map(name -> "'" + name + "'").collect(Collectors.joining(", "))
            + (names.size() > 20 ? " …" : "");
  }
}
