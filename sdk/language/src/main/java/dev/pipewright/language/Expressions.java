package dev.pipewright.language;

import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelIssue;
import dev.cel.common.CelValidationException;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.types.CelType;
import dev.cel.runtime.CelEvaluationException;
import dev.pipewright.contract.Nearest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Finds the expressions in a text and checks each against the [Scope].
final class Expressions {
  private static final Pattern PARAM = Pattern.compile("\\s*params\\.([A-Za-z_][A-Za-z0-9_]*)\\s*");
  private static final Pattern OUTPUT =
      Pattern.compile("\\s*tasks\\.([a-z][a-z0-9-]*)\\.outputs\\.([A-Za-z_][A-Za-z0-9_]*)\\s*");
  private static final Pattern FIELD =
      Pattern.compile("\\s*(matrix|loop|trial|failure|run)\\.([A-Za-z_][A-Za-z0-9_]*)\\s*");
  private static final Pattern LOOP_OUTPUT =
      Pattern.compile("\\s*loop\\.outputs\\.([A-Za-z_][A-Za-z0-9_]*)\\s*");
  private static final Pattern HYPHENATED =
      Pattern.compile("\\btasks\\s*\\.\\s*([a-z][a-z0-9-]*)(?=\\s*\\.\\s*outputs\\b)");

  private static final Pattern UNKNOWN_NAME =
      Pattern.compile("undeclared reference to '([A-Za-z_][A-Za-z0-9_]*)'");
  private static final List<String> NAMES =
      List.of("params", "tasks", "matrix", "loop", "trial", "failure", "run");
  private static final Set<String> ROOTS = Set.of("matrix", "loop", "trial", "failure", "run");

  /// Each costs the fifth part of a millisecond, most of it in CEL's checker.
  static final int MOST = 20_000;

  private final Scope scope;
  private final Violations violations;
  private final int most;

  /// Those that were right, as very large documents say the same again and again.
  private final Map<Written, Expression> known = new HashMap<>();

  private int checked;

  private record Written(String text, Context context) {}

  Expressions(Scope scope, Violations violations) {
    this(scope, violations, MOST);
  }

  /// @param most how many different ones there may be, mere names not counting
  Expressions(Scope scope, Violations violations, int most) {
    this.scope = scope;
    this.violations = violations;
    this.most = most;
  }

  /// A piece of a text: words, or an expression's source.
  ///
  /// @param at where it begins in the text, in code units
  record Piece(boolean expression, String text, int at) {}

  /// Cuts a text at its `${{ }}`. Braces and quotes inside of an expression are respected.
  ///
  /// @return null when one is not closed; the violation is reported
  @Nullable List<Piece> pieces(String text, String path, Function<Integer, Place> place) {
    var pieces = new ArrayList<Piece>();
    int from = 0;
    while (true) {
      int open = text.indexOf("${{", from);
      if (open < 0) {
        if (from < text.length()) {
          pieces.add(new Piece(false, text.substring(from), from));
        }
        return pieces;
      }
      if (open > from) {
        pieces.add(new Piece(false, text.substring(from, open), from));
      }
      int close = closing(text, open + 3);
      if (close < 0) {
        violations.add(
            "EXPRESSION_INVALID",
            "the expression is not closed",
            path,
            place.apply(open),
            "End it with '}}'.");
        return null;
      }
      pieces.add(new Piece(true, text.substring(open + 3, close), open + 3));
      from = close + 2;
    }
  }

  private static int closing(String text, int from) {
    int depth = 0;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\'') {
        i = endOfQuote(text, i);
      } else if (c == '{') {
        depth++;
      } else if (c == '}') {
        if (depth == 0) {
          return text.startsWith("}}", i) ? i : -1;
        }
        depth--;
      }
    }
    return -1;
  }

  /// The position of the closing quote; the text's last position where there is none.
  private static int endOfQuote(String text, int open) {
    char quote = text.charAt(open);
    boolean raw = open > 0 && (text.charAt(open - 1) == 'r' || text.charAt(open - 1) == 'R');
    var triple = String.valueOf(quote).repeat(3);
    boolean isTriple = text.startsWith(triple, open);
    for (int i = open + (isTriple ? 3 : 1); i < text.length(); i++) {
      if (text.charAt(i) == '\\' && !raw) {
        i++;
      } else if (isTriple ? text.startsWith(triple, i) : text.charAt(i) == quote) {
        return isTriple ? i + 2 : i;
      }
    }
    return text.length() - 1;
  }

  /// Checks one expression.
  ///
  /// @param context what it can name
  /// @param place of a position in the source, in code units
  /// @return null when it is wrong; the violations are reported
  @Nullable Expression check(
      String source, Context context, String path, Function<Integer, Place> place) {
    var text = source.strip();
    if (text.isEmpty()) {
      violations.add("EXPRESSION_INVALID", "the expression is empty", path, place.apply(0), null);
      return null;
    }
    var param = PARAM.matcher(source);
    if (param.matches()) {
      var name = param.group(1);
      return knownParam(name, path, place.apply(param.start() + source.indexOf("params")))
          ? new Expression(
              text,
              scope,
              context,
              new Expression.Form.ParamOnly(name),
              Scope.typeOf(scope.params().get(name)),
              Set.of(name),
              Set.of())
          : null;
    }
    var reference = OUTPUT.matcher(source);
    if (reference.matches()) {
      var output = new Expression.Output(reference.group(1), reference.group(2));
      return knownOutput(output, path, place.apply(source.indexOf("tasks")))
          ? new Expression(
              text,
              scope,
              context,
              new Expression.Form.OutputOnly(output),
              scope.tasks().get(output.task()).type(output.name()),
              Set.of(),
              Set.of(output))
          : null;
    }
    var field = FIELD.matcher(source);
    if (field.matches() && !field.group(2).equals("outputs")) {
      var root = field.group(1);
      var name = field.group(2);
      if (!knownField(root, name, context, path, place.apply(field.start(1)))) {
        return null;
      }
      return new Expression(
          text,
          scope,
          context,
          new Expression.Form.FieldOnly(root, name),
          context.fields(root).get(name),
          Set.of(),
          Set.of());
    }
    var own = LOOP_OUTPUT.matcher(source);
    if (own.matches()) {
      var name = own.group(1);
      var at = place.apply(source.indexOf("loop"));
      if (!knownLoopOutput(name, context, path, at) || !guarded(false, name, context, path, at)) {
        return null;
      }
      return new Expression(
          text,
          scope,
          context,
          new Expression.Form.LoopOutputOnly(name),
          context.loop().type(name),
          Set.of(),
          Set.of());
    }
    var before = known.get(new Written(text, context));
    if (before != null) {
      return before;
    }
    if (++checked > most) {
      if (checked == most + 1) {
        violations.add(
            "TOO_MANY_EXPRESSIONS",
            "the pipeline has more than %,d different expressions".formatted(most),
            path,
            place.apply(0),
            "Split it into several pipelines; params and outputs that are only named do not count.");
      }
      return null;
    }
    var expression = cel(source, text, context, path, place);
    if (expression != null) {
      known.put(new Written(text, context), expression);
    }
    return expression;
  }

  private @Nullable Expression cel(
      String source, String text, Context context, String path, Function<Integer, Place> place) {
    var compiler = scope.compiler();
    scope.enter(context);
    try {
      var parsed = compiler.parse(underscored(source)).getAst();
      var params = new LinkedHashSet<String>();
      var outputs = new LinkedHashSet<Expression.Output>();
      if (!references(parsed, source, context, params, outputs, path, place)) {
        return null;
      }
      var checked = compiler.check(parsed).getAst();
      CelType type = checked.getResultType();
      if (!Scope.json(type)) {
        violations.add(
            "TYPE_MISMATCH",
            "the expression gives a %s, which cannot be passed on".formatted(Scope.word(type)),
            path,
            place.apply(leading(source)),
            "Convert it, such as with string(…).");
        return null;
      }
      var program = Scope.runtime().createProgram(checked);
      return new Expression(
          text, scope, context, new Expression.Form.Program(program), type, params, outputs);
    } catch (CelValidationException e) {
      for (var issue : e.getErrors()) {
        violations.add(
            "EXPRESSION_INVALID",
            message(issue),
            path,
            place.apply(offset(source, issue)),
            remedy(issue));
      }
      return null;
    } catch (CelEvaluationException e) {
      violations.add(
          "EXPRESSION_INVALID",
          String.valueOf(e.getMessage()),
          path,
          place.apply(leading(source)),
          null);
      return null;
    }
  }

  /// The source with underscores for the hyphens in task names, outside of quotes.
  private static String underscored(String source) {
    var quoted = new boolean[source.length()];
    for (int i = 0; i < source.length(); i++) {
      if (source.charAt(i) == '"' || source.charAt(i) == '\'') {
        int end = endOfQuote(source, i);
        java.util.Arrays.fill(quoted, i, end + 1, true);
        i = end;
      }
    }
    var text = new StringBuilder(source);
    var names = HYPHENATED.matcher(source);
    while (names.find()) {
      if (!quoted[names.start()]) {
        text.replace(names.start(1), names.end(1), Scope.alias(names.group(1)));
      }
    }
    return text.toString();
  }

  /// Collects what is named; false when something named is not there.
  private boolean references(
      CelAbstractSyntaxTree ast,
      String source,
      Context context,
      Set<String> params,
      Set<Expression.Output> outputs,
      String path,
      Function<Integer, Place> place) {
    boolean good = true;
    boolean guarded = false;
    String ofLoop = null;
    Place ofLoopAt = null;
    var todo = new ArrayDeque<CelExpr>();
    todo.push(ast.getExpr());
    while (!todo.isEmpty()) {
      var node = todo.pop();
      var at =
          place.apply(units(source, ast.getSource().getPositionsMap().getOrDefault(node.id(), 0)));
      switch (node.exprKind().getKind()) {
        case SELECT -> {
          var chain = chain(node);
          if (chain == null) {
            todo.push(node.select().operand());
          } else if (chain.getFirst().equals("params")) {
            // The position of a selection is its dot, the operand's is where the name begins.
            good &= knownParam(chain.get(1), path, start(ast, node, source, place));
            params.add(chain.get(1));
          } else if (chain.getFirst().equals("loop") && chain.get(1).equals("outputs")) {
            if (chain.size() < 3) {
              good = false;
              violations.add(
                  "EXPRESSION_INVALID",
                  "'loop.outputs' can only be used to name an output",
                  path,
                  start(ast, node, source, place),
                  "Write loop.outputs.<output>.");
            } else {
              var where = start(ast, node, source, place);
              good &= knownLoopOutput(chain.get(2), context, path, where);
              guarded |= node.select().testOnly();
              if (!node.select().testOnly()) {
                ofLoop = chain.get(2);
                ofLoopAt = where;
              }
            }
          } else if (ROOTS.contains(chain.getFirst())) {
            if (chain.size() > 2) {
              good &= knownTrialParam(chain, context, path, start(ast, node, source, place));
              todo.push(node.select().operand());
            } else {
              guarded |= chain.getFirst().equals("loop");
              good &=
                  knownField(
                      chain.getFirst(),
                      chain.get(1),
                      context,
                      path,
                      start(ast, node, source, place));
            }
          } else if (chain.size() < 4 || !chain.get(2).equals("outputs")) {
            good = false;
            incomplete(path, start(ast, node, source, place));
          } else {
            var output = new Expression.Output(scope.taskOf(chain.get(1)), chain.get(3));
            good &= knownOutput(output, path, start(ast, node, source, place));
            outputs.add(output);
          }
        }
        case IDENT -> {
          var name = node.ident().name();
          if (name.equals("tasks")) {
            good = false;
            incomplete(path, at);
          } else if (name.equals("params") || ROOTS.contains(name)) {
            good = false;
            violations.add(
                "EXPRESSION_INVALID",
                "'%s' cannot be used as a whole".formatted(name),
                path,
                at,
                "Name a part of it: %s.<name>.".formatted(name));
          }
        }
        case CALL -> {
          node.call().target().ifPresent(todo::push);
          node.call().args().forEach(todo::push);
        }
        case LIST -> node.list().elements().forEach(todo::push);
        case MAP ->
            node.map()
                .entries()
                .forEach(entry -> {
                  todo.push(entry.key());
                  todo.push(entry.value());
                });
        case STRUCT -> node.struct().entries().forEach(entry -> todo.push(entry.value()));
        case COMPREHENSION -> {
          todo.push(node.comprehension().iterRange());
          todo.push(node.comprehension().accuInit());
          todo.push(node.comprehension().loopCondition());
          todo.push(node.comprehension().loopStep());
          todo.push(node.comprehension().result());
        }
        case CONSTANT, NOT_SET -> {}
      }
    }
    return good
        && (ofLoop == null
            || ofLoopAt == null
            || guarded(guarded, ofLoop, context, path, ofLoopAt));
  }

  /// What an iteration left is not there for the first one.
  private boolean guarded(boolean guard, String output, Context context, String path, Place at) {
    if (guard || context.iterated()) {
      return true;
    }
    violations.add(
        "NOT_YET_THERE",
        "'loop.outputs.%s' is not there in the first iteration".formatted(output),
        path,
        at,
        "Write has(loop.outputs.%1$s) ? loop.outputs.%1$s : … .".formatted(output));
    return false;
  }

  private boolean knownField(String root, String name, Context context, String path, Place at) {
    var fields = context.fields(root);
    if (fields == null) {
      notHere(
          "'%s' has no meaning here".formatted(root),
          switch (root) {
            case "matrix" -> "It is there in the inputs of a task with a 'matrix'.";
            case "trial" -> "It is there in the inputs of a task with a 'study'.";
            case "loop" -> "It is there in the inputs of a task with a 'loop', and in 'until'.";
            default -> "It is there in the 'when' of 'retry'.";
          },
          path,
          at);
      return false;
    }
    if (fields.containsKey(name)) {
      return true;
    }
    if (root.equals("run") && (name.equals("status") || name.equals("failed"))) {
      notHere(
          "'run.%s' is not known before all tasks have ended".formatted(name),
          "Use it in a task under 'finally'.",
          path,
          at);
      return false;
    }
    violations.add(
        root.equals("matrix") ? "UNKNOWN_AXIS" : "UNKNOWN_FIELD",
        root.equals("matrix")
            ? "the matrix has no axis '%s'".formatted(name)
            : "'%s' has no '%s'".formatted(root, name),
        path,
        at,
        suggestion(
            name,
            fields.keySet(),
            "There is %s.".formatted(String.join(", ", prefixed(root, fields.keySet())))));
    return false;
  }

  private static List<String> prefixed(String root, Set<String> names) {
    return names.stream().map(name -> root + "." + name).toList();
  }

  private boolean knownTrialParam(List<String> chain, Context context, String path, Place at) {
    var params = context.trial();
    if (params == null
        || !chain.getFirst().equals("trial")
        || !chain.get(1).equals("params")
        || params.isEmpty()
        || params.contains(chain.get(2))) {
      return true;
    }
    violations.add(
        "UNKNOWN_PARAM",
        "the study has no param '%s'".formatted(chain.get(2)),
        path,
        at,
        suggestion(chain.get(2), params, "Its params are %s.".formatted(Scope.list(params))));
    return false;
  }

  private boolean knownLoopOutput(String name, Context context, String path, Place at) {
    var outputs = context.loop();
    if (outputs == null) {
      return knownField("loop", name, context, path, at);
    }
    if (outputs.has(name)) {
      return true;
    }
    violations.add(
        "UNKNOWN_OUTPUT",
        "the task has no output '%s'".formatted(name),
        path,
        at,
        suggestion(
            name, outputs.names(), "Its outputs are %s.".formatted(Scope.list(outputs.names()))));
    return false;
  }

  private void notHere(String message, String remedy, String path, Place at) {
    violations.add("NOT_AVAILABLE_HERE", message, path, at, remedy);
  }

  /// The names of `params.x` (or of `tasks.y.outputs.z`, or what there is of it), outermost last;
  /// null where the selection does not begin with either, or goes on beyond: then its operand is
  /// looked at.
  private static @Nullable List<String> chain(CelExpr node) {
    var names = new ArrayDeque<String>();
    var at = node;
    while (at.exprKind().getKind() == CelExpr.ExprKind.Kind.SELECT) {
      names.addFirst(at.select().field());
      at = at.select().operand();
    }
    if (at.exprKind().getKind() != CelExpr.ExprKind.Kind.IDENT) {
      return null;
    }
    var root = at.ident().name();
    int most =
        switch (root) {
          case "params", "matrix", "failure", "run" -> 1;
          case "loop", "trial" -> 2;
          case "tasks" -> 3;
          default -> -1;
        };
    if (most < 0 || names.size() > most) {
      return null;
    }
    names.addFirst(root);
    return List.copyOf(names);
  }

  private static Place start(
      CelAbstractSyntaxTree ast, CelExpr node, String source, Function<Integer, Place> place) {
    var at = node;
    while (at.exprKind().getKind() == CelExpr.ExprKind.Kind.SELECT) {
      at = at.select().operand();
    }
    return place.apply(units(source, ast.getSource().getPositionsMap().getOrDefault(at.id(), 0)));
  }

  private void incomplete(String path, Place at) {
    violations.add(
        "EXPRESSION_INVALID",
        "'tasks' can only be used to name an output",
        path,
        at,
        "Write tasks.<task>.outputs.<output>.");
  }

  private boolean knownParam(String name, String path, Place at) {
    if (scope.params().containsKey(name)) {
      return true;
    }
    if (scope.unusableParam(name)) {
      return false;
    }
    violations.add(
        "UNKNOWN_PARAM",
        "there is no param '%s'".formatted(name),
        path,
        at,
        suggestion(
            name,
            scope.params().keySet(),
            "The params are %s.".formatted(Scope.list(scope.params().keySet()))));
    return false;
  }

  private boolean knownOutput(Expression.Output output, String path, Place at) {
    var outputs = scope.tasks().get(output.task());
    if (scope.unusableTask(output.task())) {
      return false;
    }
    if (outputs == null) {
      violations.add(
          "UNKNOWN_TASK",
          "there is no task '%s'".formatted(output.task()),
          path,
          at,
          suggestion(
              output.task(),
              scope.tasks().keySet(),
              "The tasks are %s.".formatted(Scope.list(scope.tasks().keySet()))));
      return false;
    }
    if (!outputs.has(output.name())) {
      violations.add(
          "UNKNOWN_OUTPUT",
          "the task '%s' has no output '%s'".formatted(output.task(), output.name()),
          path,
          at,
          suggestion(
              output.name(),
              outputs.names(),
              "Its outputs are %s.".formatted(Scope.list(outputs.names()))));
      return false;
    }
    return true;
  }

  /// What to do about a name that is not known.
  static String suggestion(String wrong, java.util.Collection<String> known, String otherwise) {
    return Nearest.likely(wrong, known)
        .map(name -> "Did you mean '%s'?".formatted(name))
        .orElse(otherwise);
  }

  private static String message(CelIssue issue) {
    var text =
        issue
            .getMessage()
            .replaceAll("pipewright\\.(Task\\.|Outputs\\.)?", "")
            .replaceAll(" \\(in container ''\\)| \\(candidates: .*\\)| expecting .*", "")
            .replaceAll("\\s+", " ")
            .strip();
    if (text.contains("<EOF>")) {
      return "the expression is not complete";
    }
    return text.isEmpty() ? "the expression is not valid CEL" : text;
  }

  private static @Nullable String remedy(CelIssue issue) {
    var unknown = UNKNOWN_NAME.matcher(issue.getMessage());
    if (unknown.find()) {
      return suggestion(
          unknown.group(1),
          NAMES,
          "There is params.<param>, tasks.<task>.outputs.<output> and run.<field>, and in their places matrix, loop, trial and failure.");
    }
    return issue.getMessage().contains("no matching overload")
        ? "Make both sides the same type, such as with double(…), int(…) or string(…)."
        : null;
  }

  /// Where in the source an issue is, in code units.
  private static int offset(String source, CelIssue issue) {
    var location = issue.getSourceLocation();
    int at = 0;
    for (int line = 1; line < location.getLine() && at >= 0; line++) {
      at = source.indexOf('\n', at) + 1;
    }
    int points = Math.max(0, location.getColumn());
    int last = source.length();
    while (points-- > 0 && at < last) {
      at += Character.charCount(source.codePointAt(at));
    }
    return Math.min(at, Math.max(0, last - 1));
  }

  private static int units(String source, int points) {
    int most = source.codePointCount(0, source.length());
    return source.offsetByCodePoints(0, Math.min(points, most));
  }

  private static int leading(String source) {
    return source.length() - source.stripLeading().length();
  }
}
