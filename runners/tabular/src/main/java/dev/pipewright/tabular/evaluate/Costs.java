package dev.pipewright.tabular.evaluate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pipewright.contract.Json;
import dev.pipewright.contract.Nearest;
import dev.pipewright.tabular.Settings;
import java.util.List;
import java.util.Optional;

/// What each right and wrong decision about a row costs, or earns.
///
/// @param profits whether the numbers say what is earned
/// @param currency for people; may be empty
/// @param amount the column whose number the parts of an amount refer to; empty for none
record Costs(
    Price truePositive,
    Price falsePositive,
    Price trueNegative,
    Price falseNegative,
    boolean profits,
    String currency,
    String amount) {
  private static final List<String> KEYS =
      List.of("truePositive", "falsePositive", "trueNegative", "falseNegative");

  /// What one decision costs: so much, and a part of the row's amount.
  record Price(double fixed, double part) {
    double of(double amount) {
      return part == 0 ? fixed : fixed + part * amount;
    }
  }

  /// Reads `costs` or `profits`; empty where neither is given.
  ///
  /// @throws dev.pipewright.contract.ProblemException INPUT_INVALID
  static Optional<Costs> of(Settings settings) {
    var context = settings.context();
    var costs = context.text("costs");
    var profits = context.text("profits");
    if (costs.isPresent() && profits.isPresent()) {
      throw Settings.invalid("profits", "given beside 'costs'", "one of the two");
    }
    if (costs.isEmpty() && profits.isEmpty()) {
      return Optional.empty();
    }
    var name = costs.isPresent() ? "costs" : "profits";
    var given = parsed(name, costs.or(() -> profits).orElseThrow());
    var amount = context.text("amount").orElse("");
    var prices = KEYS.stream().map(key -> price(name, key, given.path(key), amount)).toList();
    return Optional.of(
        new Costs(
            prices.get(0),
            prices.get(1),
            prices.get(2),
            prices.get(3),
            profits.isPresent(),
            context.text("currency").orElse(""),
            amount));
  }

  private static JsonNode parsed(String name, String text) {
    JsonNode given;
    try {
      given = Json.MAPPER.readTree(text);
    } catch (JsonProcessingException _) {
      throw Settings.invalid(
          name, "'" + text + "'", "a map such as {falsePositive: 5, falseNegative: 100}");
    }
    if (!given.isObject() || given.isEmpty()) {
      throw Settings.invalid(
          name, given.toString(), "a map such as {falsePositive: 5, falseNegative: 100}");
    }
    for (var key : given.properties()) {
      if (!KEYS.contains(key.getKey())) {
        throw Settings.invalid(
            name,
            "a map with the key '%s'".formatted(key.getKey()),
            "only %s; did you mean %s?"
                .formatted(String.join(", ", KEYS), Nearest.of(key.getKey(), KEYS, 1)));
      }
    }
    return given;
  }

  private static Price price(String name, String key, JsonNode node, String amount) {
    if (node.isMissingNode()) {
      return new Price(0, 0);
    }
    if (node.isNumber()) {
      return new Price(node.doubleValue(), 0);
    }
    var part = node.path("amount");
    var fixed = node.path("fixed");
    boolean known =
        node.isObject()
            && part.isNumber()
            && (fixed.isMissingNode() || fixed.isNumber())
            && node.size() == (fixed.isMissingNode() ? 1 : 2);
    if (!known) {
      throw Settings.invalid(
          name,
          "a map with %s for '%s'".formatted(node, key),
          "a number there, or {amount: 0.5, fixed: 10} for a part of each row's amount");
    }
    if (amount.isEmpty()) {
      throw Settings.invalid(
          name,
          "a map with a part of the amount for '%s'".formatted(key),
          "the column in the input 'amount'");
    }
    return new Price(fixed.asDouble(0), part.doubleValue());
  }

  /// What is lost on a row: its cost, or its profit with the sign turned.
  double loss(boolean positive, boolean decidedPositive, double amount) {
    var price =
        positive
            ? decidedPositive ? truePositive : falseNegative
            : decidedPositive ? falsePositive : trueNegative;
    return profits ? -price.of(amount) : price.of(amount);
  }

  /// A loss as it is told: a cost as it is, a profit with its own sign.
  double told(double loss) {
    return profits ? 0.0 - loss : loss;
  }

  String word() {
    return profits ? "profit" : "cost";
  }
}
