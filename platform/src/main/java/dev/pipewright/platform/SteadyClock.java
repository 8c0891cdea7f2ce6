package dev.pipewright.platform;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/// The machine's clock, except that it is never set back: whatever is due in ten seconds would be
/// due in an hour and ten seconds then. It goes on from where it was, at half speed, until the
/// machine's clock has caught up with it. A clock that goes forward is followed at once.
///
/// One that is set back by more than a day was wrong altogether, and is followed too.
final class SteadyClock extends Clock {
  private static final Logger LOG = Logger.getLogger(SteadyClock.class);

  /// What the machine itself corrects now and then is no jump, nor is what a busy one lets pass
  /// between the readings of two clocks.
  private static final Duration SMALL = Duration.ofSeconds(5);

  private static final Duration WORTH_A_WORD = Duration.ofSeconds(10);
  private static final Duration WRONG_ALTOGETHER = Duration.ofDays(1);

  private final InstantSource machine;
  private final LongSupplier nanos;
  private Instant last;
  private long lastNanos;
  private boolean ahead;

  SteadyClock(InstantSource machine, LongSupplier nanos) {
    this.machine = machine;
    this.nanos = nanos;
    this.last = machine.instant();
    this.lastNanos = nanos.getAsLong();
  }

  /// Whole milliseconds: what the wire and the database keep.
  @Override
  public Instant instant() {
    return next().truncatedTo(ChronoUnit.MILLIS);
  }

  private synchronized Instant next() {
    long nano = nanos.getAsLong();
    var passed = Duration.ofNanos(nano - lastNanos);
    var told = machine.instant();
    var lead = Duration.between(told, last.plus(passed));
    lastNanos = nano;
    last = follow(told, passed, lead);
    return last;
  }

  private Instant follow(Instant told, Duration passed, Duration lead) {
    if (lead.compareTo(SMALL) <= 0 || lead.compareTo(WRONG_ALTOGETHER) > 0) {
      if (lead.abs().compareTo(WORTH_A_WORD) > 0) {
        LOG.warnf(
            "the machine's clock went %s by %d s; it is followed",
            lead.isNegative() ? "forward" : "back", lead.abs().toSeconds());
      } else if (ahead) {
        LOG.info("the machine's clock has caught up; times are its own again");
      }
      ahead = false;
      return told;
    }
    if (!ahead) {
      ahead = true;
      LOG.warnf(
          "the machine's clock was set back by %d s; the server's goes on at half speed until it has"
              + " caught up",
          lead.toSeconds());
    }
    var slow = last.plus(passed.dividedBy(2));
    return slow.isAfter(told) ? slow : told;
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException("the server's times are UTC");
  }
}
