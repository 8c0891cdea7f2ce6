package dev.pipewright.tabular.data;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/// How a column writes its dates. Times without an offset are taken as UTC.
public enum Dates {
  @JsonProperty("iso")
  ISO("uuuu-MM-dd", true),
  @JsonProperty("slashed")
  YEAR_FIRST("uuuu/MM/dd", true),
  @JsonProperty("day-first")
  DAY_FIRST("d/M/uuuu", true),
  @JsonProperty("month-first")
  MONTH_FIRST("M/d/uuuu", true),
  @JsonProperty("dotted")
  DOTTED("d.M.uuuu", true),
  @JsonProperty("day-first-dashed")
  DASHED("d-M-uuuu", true),
  @JsonProperty("named-month")
  NAMED("d-MMM-uuuu", true),
  @JsonProperty("named-month-spaced")
  NAMED_SPACED("d MMM uuuu", true),
  @JsonProperty("month-name-first")
  NAME_FIRST("MMM d, uuuu", true),
  @JsonProperty("month")
  MONTH("uuuu-MM", false);

  private static final int SAMPLE = 1000;
  private static final double SHARE = 0.98;

  private final DateTimeFormatter format;

  Dates(String pattern, boolean days) {
    var builder = new DateTimeFormatterBuilder().parseCaseInsensitive().appendPattern(pattern);
    if (days) {
      builder
          .optionalStart()
          .appendPattern("['T'][' ']H:mm[:ss]")
          .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
          .appendPattern("[ ][XXX][XX][X][z]")
          .optionalEnd();
    } else {
      builder.parseDefaulting(ChronoField.DAY_OF_MONTH, 1);
    }
    this.format = builder.toFormatter(Locale.ENGLISH);
  }

  /// The first way that reads nearly all of the texts, of which a thousand from all over are looked
  /// at. Where day and month could be either, the day comes first unless a text contradicts.
  static Optional<Dates> find(List<String> texts) {
    int count = Math.min(SAMPLE, texts.size());
    var looked =
        IntStream.range(0, count)
            .mapToObj(i -> texts.get((int) ((long) i * texts.size() / count)))
            .toList();
    for (var way : values()) {
      int misses = 0;
      int allowed = (int) Math.floor((1 - SHARE) * looked.size());
      for (var text : looked) {
        if (Double.isNaN(way.seconds(text)) && ++misses > allowed) {
          break;
        }
      }
      if (misses <= allowed && !looked.isEmpty()) {
        return Optional.of(way);
      }
    }
    return Optional.empty();
  }

  /// Seconds since 1970 in UTC; NaN for what is not such a date.
  public double seconds(String text) {
    if (text.length() < 6 || text.length() > 40) {
      return Double.NaN;
    }
    TemporalAccessor read;
    try {
      read = format.parseBest(text, OffsetDateTime::from, LocalDateTime::from, LocalDate::from);
    } catch (DateTimeException _) {
      return Double.NaN;
    }
    return switch (read) {
      case OffsetDateTime with -> with.toEpochSecond() + with.getNano() / 1e9;
      case LocalDateTime local -> local.toEpochSecond(ZoneOffset.UTC) + local.getNano() / 1e9;
      default -> {
        var date = read.query(TemporalQueries.localDate());
        yield date == null ? Double.NaN : date.toEpochDay() * 86_400.0;
      }
    };
  }
}
