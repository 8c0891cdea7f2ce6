package dev.pipewright.runner;

import dev.pipewright.contract.task.TaskLaunch;
import dev.pipewright.contract.tasks.v1.TaskFinished;
import dev.pipewright.contract.tracking.v1.RunEvent;
import java.io.IOException;
import java.time.Clock;

/// What a process that died left unsaid.
final class Recovery {
  private Recovery() {}

  /// Says that the work was lost, unless the spool says how it ended.
  static void endLost(Spool spool, TaskLaunch launch) throws IOException {
    long lastSeq = 0;
    boolean ended = false;
    long position = 0;
    boolean runEnded = false;
    for (var next = spool.read(0); next != null; next = spool.read(position)) {
      switch (next.entry()) {
        case Spool.Entry.Event(var event) -> {
          lastSeq = event.getSeq();
          runEnded |= event.hasRunFinished();
        }
        case Spool.Entry.Report(var report) -> ended |= report.hasFinished();
        case Spool.Entry.Upload upload -> {}
      }
      position = next.end();
    }
    if (ended) {
      return;
    }
    var events = new EventLog(spool, launch, Clock.systemUTC(), lastSeq);
    if (lastSeq > 0 && !runEnded) {
      events.tell(
          RunEvent.newBuilder()
              .setRunFinished(Attempt.runFinished(Ending.LOST, Ending.LOST.message())));
    }
    events.reportFinished(
        TaskFinished.newBuilder()
            .setOutcome(Ending.LOST.outcome())
            .setExitCode(Ending.LOST.exitCode())
            .setCode(Ending.LOST.code())
            .setMessage(Ending.LOST.message())
            .build(),
        false);
  }
}
