package dev.pipewright.tracker.trace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Gives spans of other instrumentations the attributes that pages and searches look at: what kind
/// of step it is, what went in and came out, which model, how many tokens. What a span already says
/// in MLflow's own words stays; nothing is taken away.
final class SemanticConventions {
  static final String INPUTS = "mlflow.spanInputs";
  static final String OUTPUTS = "mlflow.spanOutputs";
  static final String USAGE = "mlflow.chat.tokenUsage";
  static final String COST = "mlflow.llm.cost";
  static final String MODEL = "mlflow.llm.model";
  static final String PROVIDER = "mlflow.llm.provider";

  /// OpenTelemetry's `gen_ai.operation.name` → the type of the span.
  private static final Map<String, String> OPERATIONS =
      Map.of(
          "chat", "CHAT_MODEL",
          "generate_content", "LLM",
          "text_completion", "LLM",
          "embeddings", "EMBEDDING",
          "execute_tool", "TOOL",
          "create_agent", "AGENT",
          "invoke_agent", "AGENT");

  private static final List<String> KINDS_OF_OPENINFERENCE =
      List.of("LLM", "CHAIN", "AGENT", "TOOL", "EMBEDDING", "RETRIEVER", "RERANKER", "EVALUATOR");

  private SemanticConventions() {}

  static void translate(ObjectNode attributes) {
    set(attributes, Span.TYPE, type(attributes));
    copy(attributes, INPUTS, "gen_ai.input.messages", "gen_ai.tool.call.arguments", "input.value");
    copy(attributes, OUTPUTS, "gen_ai.output.messages", "gen_ai.tool.call.result", "output.value");
    copy(attributes, MODEL, "gen_ai.response.model", "gen_ai.request.model", "llm.model_name");
    copy(attributes, PROVIDER, "gen_ai.provider.name", "gen_ai.system", "llm.provider");
    usage(attributes);
  }

  private static @Nullable JsonNode type(ObjectNode attributes) {
    var operation = OPERATIONS.get(attributes.path("gen_ai.operation.name").asText());
    if (operation != null) {
      return attributes.textNode(operation);
    }
    var kind = attributes.path("openinference.span.kind").asText().toUpperCase(Locale.ROOT);
    return KINDS_OF_OPENINFERENCE.contains(kind) ? attributes.textNode(kind) : null;
  }

  private static void usage(ObjectNode attributes) {
    if (attributes.has(USAGE)) {
      return;
    }
    var input = first(attributes, "gen_ai.usage.input_tokens", "llm.token_count.prompt");
    var output = first(attributes, "gen_ai.usage.output_tokens", "llm.token_count.completion");
    if (input == null || output == null || !input.isNumber() || !output.isNumber()) {
      return;
    }
    var total = first(attributes, "gen_ai.usage.total_tokens", "llm.token_count.total");
    attributes
        .putObject(USAGE)
        .put("input_tokens", input.longValue())
        .put("output_tokens", output.longValue())
        .put(
            "total_tokens",
            total != null && total.isNumber()
                ? total.longValue()
                : input.longValue() + output.longValue());
  }

  private static void copy(ObjectNode attributes, String to, String... from) {
    set(attributes, to, first(attributes, from));
  }

  private static void set(ObjectNode attributes, String name, @Nullable JsonNode value) {
    if (value != null && !attributes.has(name)) {
      attributes.set(name, value);
    }
  }

  private static @Nullable JsonNode first(ObjectNode attributes, String... names) {
    for (var name : names) {
      var value = attributes.get(name);
      if (value != null && !value.isNull()) {
        return value;
      }
    }
    return null;
  }
}
