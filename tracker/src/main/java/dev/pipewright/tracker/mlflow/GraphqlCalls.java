package dev.pipewright.tracker.mlflow;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.tracker.mlflow.wire.Call;
import dev.pipewright.tracker.mlflow.wire.MlflowError;
import dev.pipewright.tracker.mlflow.wire.MlflowJson;
import dev.pipewright.tracker.mlflow.wire.Routes;
import graphql.ErrorClassification;
import graphql.ExecutionInput;
import graphql.GraphQL;
import graphql.GraphQLContext;
import graphql.GraphQLError;
import graphql.GraphqlErrorBuilder;
import graphql.execution.CoercedVariables;
import graphql.execution.DataFetcherExceptionHandlerParameters;
import graphql.execution.DataFetcherExceptionHandlerResult;
import graphql.language.IntValue;
import graphql.language.Value;
import graphql.parser.InvalidSyntaxException;
import graphql.parser.Parser;
import graphql.schema.Coercing;
import graphql.schema.CoercingParseLiteralException;
import graphql.schema.CoercingParseValueException;
import graphql.schema.DataFetcher;
import graphql.schema.DataFetcherFactories;
import graphql.schema.DataFetchingEnvironment;
import graphql.schema.GraphQLCodeRegistry;
import graphql.schema.GraphQLEnumType;
import graphql.schema.GraphQLList;
import graphql.schema.GraphQLNamedType;
import graphql.schema.GraphQLScalarType;
import graphql.schema.GraphQLTypeUtil;
import graphql.schema.idl.RuntimeWiring;
import graphql.schema.idl.SchemaGenerator;
import graphql.schema.idl.SchemaParser;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// What pages ask over GraphQL. Each field is answered by the REST call of the same name; its JSON
/// is then read field by field.
@ApplicationScoped
class GraphqlCalls implements Routes.Family {
  private static final String SCHEMA = "/mlflow/schema.graphqls";
  private static final SnakeCaseStrategy NAMES = new SnakeCaseStrategy();

  private final ExperimentCalls experiments;
  private final RunCalls runs;
  private final MetricCalls metrics;
  private final ArtifactCalls artifacts;
  private final RegistryCalls registry;
  private final GraphQL graphql;

  GraphqlCalls(
      ExperimentCalls experiments,
      RunCalls runs,
      MetricCalls metrics,
      ArtifactCalls artifacts,
      RegistryCalls registry) {
    this.experiments = experiments;
    this.runs = runs;
    this.metrics = metrics;
    this.artifacts = artifacts;
    this.registry = registry;
    this.graphql = graphql();
  }

  @Override
  public void addTo(Routes routes) {
    routes.post("/graphql", this::answer).get("/graphql", this::answer);
  }

  private GraphQL graphql() {
    try (var schema = Objects.requireNonNull(GraphqlCalls.class.getResourceAsStream(SCHEMA))) {
      var types = new SchemaParser().parse(new InputStreamReader(schema, StandardCharsets.UTF_8));
      return GraphQL.newGraphQL(new SchemaGenerator().makeExecutableSchema(types, wiring()))
          .defaultDataFetcherExceptionHandler(GraphqlCalls::failed)
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private RuntimeWiring wiring() {
    var echo = (DataFetcher<JsonNode>) GraphqlCalls::echo;
    var search = call(call -> runs.search(call));
    return RuntimeWiring.newRuntimeWiring()
        .scalar(longString())
        .codeRegistry(
            GraphQLCodeRegistry.newCodeRegistry()
                .defaultDataFetcher(DataFetcherFactories.useDataFetcher(GraphqlCalls::field)))
        .type(
            "Query",
            query ->
                query
                    .dataFetcher("mlflowGetExperiment", call(experiments::get))
                    .dataFetcher("mlflowGetRun", call(runs::get))
                    .dataFetcher("mlflowSearchRuns", search)
                    .dataFetcher("mlflowGetMetricHistoryBulkInterval", call(metrics::interval))
                    .dataFetcher("mlflowListArtifacts", call(artifacts::ofRun))
                    .dataFetcher("mlflowSearchModelVersions", call(registry::searchVersions))
                    .dataFetcher("test", echo))
        .type(
            "Mutation",
            mutation ->
                mutation
                    .dataFetcher("mlflowSearchRuns", search)
                    .dataFetcher("mlflowSearchDatasets", call(experiments::searchDatasets))
                    .dataFetcher("testMutation", echo))
        .type(
            "MlflowRun",
            run ->
                run.dataFetcher("experiment", this::experimentOf)
                    .dataFetcher("modelVersions", this::versionsOf))
        .build();
  }

  private static DataFetcher<JsonNode> call(Routes.Answer answer) {
    return environment -> {
      Map<String, Object> input = environment.getArgumentOrDefault("input", Map.of());
      return ask(answer, MlflowJson.MAPPER.valueToTree(input));
    };
  }

  private static JsonNode ask(Routes.Answer answer, ObjectNode parameters) throws Exception {
    return MlflowJson.MAPPER.valueToTree(answer.to(Call.of(parameters)));
  }

  private static JsonNode echo(DataFetchingEnvironment environment) {
    return MlflowJson.MAPPER
        .createObjectNode()
        .put("output", environment.<String>getArgument("inputString"));
  }

  private @Nullable Object experimentOf(DataFetchingEnvironment environment) throws Exception {
    var id = info(environment).path("experiment_id").textValue();
    var parameters = MlflowJson.MAPPER.createObjectNode().put("experiment_id", id);
    return ask(experiments::get, parameters).get("experiment");
  }

  private Object versionsOf(DataFetchingEnvironment environment) throws Exception {
    var id = info(environment).path("run_id").textValue();
    var parameters = MlflowJson.MAPPER.createObjectNode().put("filter", "run_id='" + id + "'");
    return list(ask(registry::searchVersions, parameters).path("model_versions"));
  }

  private static JsonNode info(DataFetchingEnvironment environment) {
    JsonNode run = Objects.requireNonNull(environment.getSource());
    return run.path("info");
  }

  private static List<JsonNode> list(JsonNode array) {
    var list = new ArrayList<JsonNode>(array.size());
    array.forEach(list::add);
    return list;
  }

  /// What an answer leaves out is the default of its type, as it is where messages are protobuf's.
  private static @Nullable Object field(DataFetchingEnvironment environment) {
    JsonNode parent = Objects.requireNonNull(environment.getSource());
    var value = parent.path(NAMES.translate(environment.getField().getName()));
    var type = GraphQLTypeUtil.unwrapNonNull(environment.getFieldType());
    if (type instanceof GraphQLList) {
      return GraphQLTypeUtil.unwrapAll(type) instanceof GraphQLScalarType
          ? list(value).stream().map(JsonNode::asText).toList()
          : list(value);
    }
    if (type instanceof GraphQLEnumType) {
      return value.textValue();
    }
    if (!(type instanceof GraphQLScalarType)) {
      return value instanceof MissingNode ? null : value;
    }
    return switch (((GraphQLNamedType) type).getName()) {
      case "Boolean" -> value.booleanValue();
      case "Int" -> value.intValue();
      case "LongString" -> value.longValue();
      // JSON has no word for a NaN.
      case "Float" -> value.isNumber() || value.isMissingNode() ? finite(value) : null;
      default -> value.asText();
    };
  }

  private static @Nullable Double finite(JsonNode value) {
    return Double.isFinite(value.doubleValue()) ? value.doubleValue() : null;
  }

  private static GraphQLScalarType longString() {
    return GraphQLScalarType.newScalar()
        .name("LongString")
        .coercing(
            new Coercing<Long, String>() {
              @Override
              public String serialize(Object value, GraphQLContext context, Locale locale) {
                return value.toString();
              }

              @Override
              public Long parseValue(Object value, GraphQLContext context, Locale locale) {
                return number(value.toString());
              }

              @Override
              public Long parseLiteral(
                  Value<?> literal,
                  CoercedVariables variables,
                  GraphQLContext context,
                  Locale locale) {
                if (literal instanceof IntValue number) {
                  return number(number.getValue().toString());
                }
                throw new CoercingParseLiteralException("a whole number is needed");
              }
            })
        .build();
  }

  private static Long number(String text) {
    try {
      return Long.valueOf(text);
    } catch (NumberFormatException e) {
      throw new CoercingParseValueException("'" + text + "' is not a whole number", e);
    }
  }

  private static CompletableFuture<DataFetcherExceptionHandlerResult> failed(
      DataFetcherExceptionHandlerParameters parameters) {
    var error =
        GraphqlErrorBuilder.newError(parameters.getDataFetchingEnvironment())
            .message("%s", MlflowError.of(parameters.getException()).getMessage())
            .errorType(ErrorClassification.errorClassification("DataFetchingException"))
            .build();
    return CompletableFuture.completedFuture(
        DataFetcherExceptionHandlerResult.newResult(error).build());
  }

  private Object answer(Call call) {
    var query = call.requireString("query");
    try {
      var exceeded = QueryLimits.exceeded(Parser.parse(query));
      if (exceeded.isPresent()) {
        return result(null, List.of(exceeded.get()));
      }
    } catch (InvalidSyntaxException e) {
      throw MlflowError.invalid("The query is no GraphQL: " + e.getMessage());
    }
    var result =
        graphql.execute(
            ExecutionInput.newExecutionInput(query)
                .operationName(call.string("operationName"))
                .variables(variables(call.get("variables"))));
    var errors = result.getErrors().stream().map(GraphQLError::getMessage).toList();
    return result(result.getData(), errors.isEmpty() ? null : errors);
  }

  private static Map<String, Object> variables(JsonNode variables) {
    return variables.isObject()
        ? MlflowJson.MAPPER.convertValue(variables, new TypeReference<>() {})
        : Map.of();
  }

  /// Both are always there, null or not.
  private static Map<String, @Nullable Object> result(
      @Nullable Object data, @Nullable List<String> errors) {
    var result = new LinkedHashMap<String, @Nullable Object>();
    result.put("data", data);
    result.put("errors", errors);
    return result;
  }
}
