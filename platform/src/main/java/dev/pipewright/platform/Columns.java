package dev.pipewright.platform;

import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jspecify.annotations.Nullable;

/// Binds a list of things as one array for each of their columns, so that one statement writes all
/// of them, from `unnest`.
public record Columns<T>(List<T> rows, SqlStatement<?> statement) {
  public void texts(String name, Function<T, @Nullable String> column) {
    bind(name, "text", column);
  }

  public void numbers(String name, Function<T, @Nullable Integer> column) {
    bind(name, "int4", column);
  }

  public void flags(String name, Function<T, Boolean> column) {
    bind(name, "bool", column);
  }

  public void ids(String name, Function<T, @Nullable UUID> column) {
    bind(name, "uuid", column);
  }

  public void bytes(String name, Function<T, byte[]> column) {
    bind(name, "bytea", rows.stream().map(column).toArray(byte[][]::new));
  }

  private void bind(String name, String type, Function<T, ?> column) {
    bind(name, type, rows.stream().map(column).toArray());
  }

  private void bind(String name, String type, Object[] values) {
    statement.bind(
        name,
        (position, prepared, context) ->
            prepared.setArray(position, prepared.getConnection().createArrayOf(type, values)));
  }
}
