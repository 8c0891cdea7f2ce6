package dev.pipewright.cli.exporter;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.jspecify.annotations.Nullable;

/// Parquet, compressed with Snappy.
final class ParquetTable implements Table {
  /// What is collected in memory before it is written.
  private static final long ROW_GROUP = 16L << 20;

  private final ParquetWriter<@Nullable Object[]> writer;

  ParquetTable(Path file, List<Column> columns) throws IOException {
    this.writer =
        new Builder(new LocalOutputFile(file), columns)
            .withCompressionCodec(CompressionCodecName.SNAPPY)
            .withWriterVersion(WriterVersion.PARQUET_1_0)
            .withRowGroupSize(ROW_GROUP)
            .build();
  }

  @Override
  public void row(@Nullable Object... values) throws IOException {
    writer.write(values);
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }

  private static final class Builder extends ParquetWriter.Builder<@Nullable Object[], Builder> {
    private final List<Column> columns;

    Builder(OutputFile file, List<Column> columns) {
      super(file);
      this.columns = columns;
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    @SuppressWarnings("deprecation") // abstract all the same
    protected WriteSupport<@Nullable Object[]> getWriteSupport(Configuration configuration) {
      return new Rows(columns);
    }
  }

  private static final class Rows extends WriteSupport<@Nullable Object[]> {
    private final List<Column> columns;
    private @Nullable RecordConsumer out;

    Rows(List<Column> columns) {
      this.columns = columns;
    }

    @Override
    @SuppressWarnings("deprecation") // abstract all the same
    public WriteContext init(Configuration configuration) {
      var types = columns.stream().map(Rows::type).toList();
      return new WriteContext(new MessageType("table", types), Map.of());
    }

    private static Type type(Column column) {
      var type =
          switch (column.type()) {
            case TEXT ->
                Types.optional(PrimitiveTypeName.BINARY).as(LogicalTypeAnnotation.stringType());
            case WHOLE -> Types.optional(PrimitiveTypeName.INT64);
            case NUMBER -> Types.optional(PrimitiveTypeName.DOUBLE);
            case TIME ->
                Types.optional(PrimitiveTypeName.INT64)
                    .as(LogicalTypeAnnotation.timestampType(true, TimeUnit.MILLIS));
          };
      return type.named(column.name());
    }

    @Override
    public void prepareForWrite(RecordConsumer consumer) {
      out = consumer;
    }

    @Override
    public void write(@Nullable Object[] values) {
      if (out == null) {
        throw new IllegalStateException("nowhere to write to yet");
      }
      out.startMessage();
      for (int i = 0; i < values.length; i++) {
        var value = values[i];
        if (value != null) {
          var name = columns.get(i).name();
          out.startField(name, i);
          switch (columns.get(i).type()) {
            case TEXT -> out.addBinary(Binary.fromString((String) value));
            case WHOLE, TIME -> out.addLong((Long) value);
            case NUMBER -> out.addDouble((Double) value);
          }
          out.endField(name, i);
        }
      }
      out.endMessage();
    }
  }
}
