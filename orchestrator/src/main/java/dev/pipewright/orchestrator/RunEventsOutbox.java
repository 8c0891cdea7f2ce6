package dev.pipewright.orchestrator;

import com.google.protobuf.Timestamp;
import dev.pipewright.contract.Topics;
import dev.pipewright.contract.tracking.v1.RunEvent;
import dev.pipewright.platform.Outbox;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;

/// What the orchestrator itself tells the tracker of runs, in the order in which it is to be told.
public final class RunEventsOutbox {
  private static final String SOURCE = "orchestrator";

  private RunEventsOutbox() {}

  /// @param events each with the run that it is about
  public static void append(Outbox outbox, Handle tx, List<RunEvent.Builder> events, Instant now) {
    var numbers = outbox.nextNumbers(tx, events.size());
    var at = Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano());
    var messages = new ArrayList<Outbox.Message>();
    for (int i = 0; i < events.size(); i++) {
      long number = numbers.get(i);
      var event = events.get(i).setSource(SOURCE).setSeq(number).setAt(at).build();
      messages.add(new Outbox.Message(number, Topics.RUN_EVENTS, event.getRunId(), event));
    }
    outbox.append(tx, messages);
  }
}
