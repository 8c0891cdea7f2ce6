package dev.pipewright.tabular.data;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DateLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.jspecify.annotations.Nullable;

/// A Parquet file of flat columns. Dates and times become ISO texts, decimals numbers, booleans
/// `true` and `false`.
final class ParquetFile {
  private ParquetFile() {}

  static Frame read(Path file, String name) throws IOException {
    var builders = new ArrayList<FrameBuilder>();
    each(
        file,
        name,
        columns -> {
          if (builders.isEmpty()) {
            builders.add(new FrameBuilder(name, columns));
          }
          return builders.getFirst();
        },
        _ -> true);
    if (builders.isEmpty() || builders.getFirst().rows() == 0) {
      throw empty(name);
    }
    return builders.getFirst().build();
  }

  /// A row group at a time.
  static void stream(Path file, String name, Frames.Block to) throws IOException {
    boolean[] some = {false};
    each(
        file,
        name,
        columns -> new FrameBuilder(name, columns),
        builder -> {
          some[0] |= builder.rows() > 0;
          return builder.rows() == 0 || to.take(builder.build());
        });
    if (!some[0]) {
      throw empty(name);
    }
  }

  private interface Group {
    boolean end(FrameBuilder builder) throws IOException;
  }

  private static void each(
      Path file, String name, Function<List<String>, FrameBuilder> begin, Group group)
      throws IOException {
    try (var reader =
        ParquetFileReader.open(new LocalInputFile(file), ParquetReadOptions.builder().build())) {
      var schema = reader.getFileMetaData().getSchema();
      var columns = columns(schema, name);
      var columnIo = new ColumnIOFactory().getColumnIO(schema);
      boolean more = true;
      for (var pages = reader.readNextRowGroup();
          more && pages != null;
          pages = reader.readNextRowGroup()) {
        var builder = begin.apply(columns);
        var records = columnIo.getRecordReader(pages, new Rows(schema, builder));
        for (long row = 0; row < pages.getRowCount(); row++) {
          records.read();
        }
        more = group.end(builder);
      }
    } catch (RuntimeException e) {
      if (e instanceof ProblemException) {
        throw e;
      }
      // Parquet has no exception of its own for a damaged file.
      throw unreadable(
          "%s is not a whole Parquet file: %s".formatted(name, e.getMessage()),
          "Write it again.",
          e);
    }
  }

  private static List<String> columns(MessageType schema, String name) {
    var columns = new ArrayList<String>();
    for (var field : schema.getFields()) {
      if (!field.isPrimitive()) {
        throw unreadable(
            "column '%s' of %s holds lists or structures".formatted(field.getName(), name),
            "Write flat columns, or leave it out.",
            null);
      }
      columns.add(field.getName());
    }
    return columns;
  }

  private static ProblemException empty(String name) {
    return new ProblemException(ProblemCode.TABLE_EMPTY, name + " has columns but no rows");
  }

  private static ProblemException unreadable(
      String detail, String remedy, @Nullable Throwable cause) {
    var problem = new ProblemException(ProblemCode.TABLE_UNREADABLE, detail, remedy);
    if (cause != null) {
      problem.initCause(cause);
    }
    return problem;
  }

  private static final class Rows extends RecordMaterializer<FrameBuilder> {
    private final FrameBuilder builder;
    private final GroupConverter root;

    Rows(MessageType schema, FrameBuilder builder) {
      this.builder = builder;
      var cells =
          schema.getFields().stream()
              .map(field ->
                  new Cell(builder, schema.getFieldIndex(field.getName()), field.asPrimitiveType()))
              .toList();
      this.root =
          new GroupConverter() {
            @Override
            public Converter getConverter(int column) {
              return cells.get(column);
            }

            @Override
            public void start() {}

            @Override
            public void end() {
              builder.endRow();
            }
          };
    }

    @Override
    public FrameBuilder getCurrentRecord() {
      return builder;
    }

    @Override
    public GroupConverter getRootConverter() {
      return root;
    }
  }

  private static final class Cell extends PrimitiveConverter {
    private static final long JULIAN_EPOCH = 2_440_588;

    private final FrameBuilder builder;
    private final int column;
    private final PrimitiveTypeName type;
    private final @Nullable LogicalTypeAnnotation meaning;

    Cell(FrameBuilder builder, int column, PrimitiveType type) {
      this.builder = builder;
      this.column = column;
      this.type = type.getPrimitiveTypeName();
      this.meaning = type.getLogicalTypeAnnotation();
    }

    @Override
    public void addBoolean(boolean value) {
      builder.text(column, Boolean.toString(value));
    }

    @Override
    public void addDouble(double value) {
      builder.number(column, value);
    }

    @Override
    public void addFloat(float value) {
      // By its shortest text: 0.1f is 0.1 and not 0.10000000149.
      builder.number(
          column, Float.isFinite(value) ? Double.parseDouble(Float.toString(value)) : value);
    }

    @Override
    public void addInt(int value) {
      addLong(value);
    }

    @Override
    public void addLong(long value) {
      switch (meaning) {
        case DateLogicalTypeAnnotation _ ->
            builder.text(column, LocalDate.ofEpochDay(value).toString());
        case TimestampLogicalTypeAnnotation stamp ->
            builder.text(column, Instant.EPOCH.plus(value, unit(stamp.getUnit())).toString());
        case TimeLogicalTypeAnnotation time ->
            builder.text(column, LocalTime.MIDNIGHT.plus(value, unit(time.getUnit())).toString());
        case DecimalLogicalTypeAnnotation decimal ->
            decimal(BigDecimal.valueOf(value, decimal.getScale()));
        case null, default -> builder.whole(column, BigInteger.valueOf(value));
      }
    }

    private void decimal(BigDecimal value) {
      if (value.scale() == 0) {
        builder.whole(column, value.unscaledValue());
      } else {
        builder.number(column, value.doubleValue());
      }
    }

    private static ChronoUnit unit(TimeUnit unit) {
      return switch (unit) {
        case MILLIS -> ChronoUnit.MILLIS;
        case MICROS -> ChronoUnit.MICROS;
        case NANOS -> ChronoUnit.NANOS;
      };
    }

    @Override
    public void addBinary(Binary value) {
      if (meaning instanceof DecimalLogicalTypeAnnotation decimal) {
        decimal(new BigDecimal(new BigInteger(value.getBytes()), decimal.getScale()));
      } else if (type == PrimitiveTypeName.INT96) {
        var bytes = value.toByteBuffer().order(java.nio.ByteOrder.LITTLE_ENDIAN);
        long nanos = bytes.getLong();
        long day = bytes.getInt() - JULIAN_EPOCH;
        builder.text(column, Instant.EPOCH.plus(day, ChronoUnit.DAYS).plusNanos(nanos).toString());
      } else {
        var text = value.toStringUsingUTF8().strip();
        if (!Cells.missing(text)) {
          builder.text(column, text);
        }
      }
    }
  }
}
