package dev.pipewright.platform;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.mapper.ColumnMapper;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.mapper.RowMapperFactory;
import org.jdbi.v3.core.statement.StatementContext;

/// Rows become records by name (`created_at` is the component `createdAt`). Unlike Jdbi's own
/// mapper it takes records that are private to their store.
final class RecordMapper implements RowMapper<Object> {
  /// Every statement asks for its mapper anew; finding a constructor takes longer than a short
  /// query.
  private static final ClassValue<RecordMapper> MAPPERS =
      new ClassValue<>() {
        @Override
        protected RecordMapper computeValue(Class<?> type) {
          return new RecordMapper(type);
        }
      };

  static final RowMapperFactory FACTORY =
      (type, config) ->
          type instanceof Class<?> raw && raw.isRecord()
              ? Optional.of(MAPPERS.get(raw))
              : Optional.empty();

  private final Class<?> type;
  private final RecordComponent[] components;
  private final MethodHandle constructor;

  private RecordMapper(Class<?> type) {
    this.type = type;
    this.components = type.getRecordComponents();
    var types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      this.constructor =
          MethodHandles.privateLookupIn(type, MethodHandles.lookup())
              .findConstructor(type, MethodType.methodType(void.class, types))
              .asSpreader(Object[].class, types.length)
              .asType(MethodType.methodType(Object.class, Object[].class));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type + " cannot be made", e);
    }
  }

  @Override
  public Object map(ResultSet row, StatementContext context) throws SQLException {
    return specialize(row, context).map(row, context);
  }

  @Override
  public RowMapper<Object> specialize(ResultSet rows, StatementContext context)
      throws SQLException {
    var columns = columns(rows);
    var indexes = new int[components.length];
    var mappers = new ColumnMapper<?>[components.length];
    for (int i = 0; i < components.length; i++) {
      var component = components[i];
      var index = columns.get(component.getName().toLowerCase(Locale.ROOT));
      if (index == null) {
        throw new IllegalStateException(
            "no column for " + type.getName() + "." + component.getName());
      }
      indexes[i] = index;
      mappers[i] =
          context
              .findColumnMapperFor(component.getGenericType())
              .orElseThrow(() -> new IllegalStateException("no mapper for " + component));
    }
    return (row, at) -> {
      var values = new Object[components.length];
      for (int i = 0; i < components.length; i++) {
        values[i] = mappers[i].map(row, indexes[i], at);
      }
      return create(values);
    };
  }

  private Object create(Object[] values) {
    try {
      return (Object) constructor.invokeExact(values);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(type + " cannot be made", e);
    }
  }

  private static Map<String, Integer> columns(ResultSet rows) throws SQLException {
    var columns = new HashMap<String, Integer>();
    var metadata = rows.getMetaData();
    for (int i = 1; i <= metadata.getColumnCount(); i++) {
      columns.put(metadata.getColumnLabel(i).replace("_", "").toLowerCase(Locale.ROOT), i);
    }
    return columns;
  }
}
