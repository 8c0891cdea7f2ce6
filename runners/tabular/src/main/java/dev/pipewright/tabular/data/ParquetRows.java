package dev.pipewright.tabular.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.jspecify.annotations.Nullable;

/// Rows as Parquet, compressed with Snappy. An empty text is a missing cell.
final class ParquetRows implements RowWriter {
  private final Path file;
  private @Nullable ParquetWriter<List<Object>> writer;

  ParquetRows(Path file) {
    this.file = file;
  }

  @Override
  public void begin(List<String> columns, List<Kind> kinds) throws IOException {
    var fields = new ArrayList<Type>();
    for (int i = 0; i < columns.size(); i++) {
      fields.add(
          switch (kinds.get(i)) {
            case NUMBER -> Types.optional(PrimitiveTypeName.DOUBLE).named(columns.get(i));
            case WHOLE -> Types.optional(PrimitiveTypeName.INT64).named(columns.get(i));
            case TEXT ->
                Types.optional(PrimitiveTypeName.BINARY)
                    .as(LogicalTypeAnnotation.stringType())
                    .named(columns.get(i));
          });
    }
    writer =
        new Builder(new LocalOutputFile(file), new MessageType("row", fields), kinds)
            .withCompressionCodec(CompressionCodecName.SNAPPY)
            .build();
  }

  @Override
  public void row(List<Object> cells) throws IOException {
    if (writer == null) {
      throw new IllegalStateException("a row before the columns");
    }
    writer.write(cells);
  }

  @Override
  public void close() throws IOException {
    if (writer != null) {
      writer.close();
    }
  }

  private static final class Builder extends ParquetWriter.Builder<List<Object>, Builder> {
    private final MessageType schema;
    private final List<Kind> kinds;

    Builder(OutputFile file, MessageType schema, List<Kind> kinds) {
      super(file);
      this.schema = schema;
      this.kinds = kinds;
    }

    @Override
    protected Builder self() {
      return this;
    }

    @Override
    @SuppressWarnings("deprecation") // abstract all the same
    protected WriteSupport<List<Object>> getWriteSupport(Configuration configuration) {
      return new Support(schema, kinds);
    }
  }

  private static final class Support extends WriteSupport<List<Object>> {
    private final MessageType schema;
    private final List<Kind> kinds;
    private @Nullable RecordConsumer consumer;

    Support(MessageType schema, List<Kind> kinds) {
      this.schema = schema;
      this.kinds = kinds;
    }

    @Override
    @SuppressWarnings("deprecation") // abstract all the same
    public WriteContext init(Configuration configuration) {
      return new WriteContext(schema, new HashMap<>());
    }

    @Override
    public void prepareForWrite(RecordConsumer to) {
      consumer = to;
    }

    @Override
    public void write(List<Object> cells) {
      var to = consumer;
      if (to == null) {
        throw new IllegalStateException("a row before the file");
      }
      to.startMessage();
      for (int i = 0; i < cells.size(); i++) {
        var cell = cells.get(i);
        if (!cell.equals("")) {
          to.startField(schema.getFieldName(i), i);
          switch (kinds.get(i)) {
            case NUMBER -> to.addDouble((Double) cell);
            case WHOLE -> to.addLong((Long) cell);
            case TEXT -> to.addBinary(Binary.fromString(RowWriter.text(cell)));
          }
          to.endField(schema.getFieldName(i), i);
        }
      }
      to.endMessage();
    }
  }
}
