package dev.pipewright.orchestrator.study;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.pipewright.contract.Ids;
import dev.pipewright.contract.Problem;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.orchestrator.OrchestratorRelay;
import dev.pipewright.orchestrator.OrchestratorSchema;
import dev.pipewright.orchestrator.study.StudyStore.Holding;
import dev.pipewright.orchestrator.study.StudyStore.StudyRow;
import dev.pipewright.orchestrator.study.StudyStore.TrialRow;
import dev.pipewright.platform.Db;
import dev.pipewright.platform.Loop;
import dev.pipewright.platform.Outbox;
import dev.pipewright.tune.Objective;
import dev.pipewright.tune.Study;
import dev.pipewright.tune.StudySpec;
import dev.pipewright.tune.TrialRecord;
import dev.pipewright.tune.TrialState;
import dev.pipewright.tune.Verdict;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jboss.logging.Logger;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// What happens to studies. Each step is one transaction that holds the study's row: the library
/// decides, and what it changed is written. A study is kept in memory between steps and read anew
/// where somebody else has changed it since or a step has failed, so a server that dies forgets
/// nothing and any number of servers can serve one study.
@ApplicationScoped
class Studies {
  private static final Logger LOG = Logger.getLogger(Studies.class);

  /// After so many lost workers a trial is given up with the next one.
  private static final int MOST_LOST = 3;

  private final Db db;
  private final StudyStore store;
  private final Clock clock;
  private final OrchestratorRelay relay;
  private final Outbox outbox = new Outbox(OrchestratorSchema.NAME);
  private final Cache<Long, Live> kept =
      Caffeine.newBuilder().maximumSize(100).expireAfterAccess(Duration.ofHours(1)).build();

  Studies(Db db, StudyStore store, OrchestratorRelay relay, Clock clock) {
    this.db = db;
    this.store = store;
    this.relay = relay;
    this.clock = clock;
  }

  /// @param version of the rows that it equals
  private record Live(long version, Study study) {}

  /// A step under way.
  private final class Step {
    final Handle tx;
    final StudyRow row;
    final Study study;
    final Instant now = clock.instant();
    final StudyEvents events;
    StudyState state;
    boolean changed;

    Step(Handle tx, StudyRow row, Study study) {
      this.tx = tx;
      this.row = row;
      this.study = study;
      state = row.state();
      events = new StudyEvents(outbox, tx, row, now);
    }

    TrialRow trial(int number) {
      return store.trial(tx, row.number(), number).orElseThrow(() -> noTrial(row.name(), number));
    }

    void save(int number, Holding holding) {
      store.save(
          tx,
          row.number(),
          study.trial(number),
          holding,
          holding.attempt() == 0 ? null : events.run(number),
          now);
      changed = true;
    }

    void ended(int number, @Nullable String why) {
      events.ended(study.trial(number), study.spec().objectives(), why);
    }

    /// The study makes no further trials: what is paused stays where it is, and where somebody
    /// stopped it nobody waits for what runs.
    void over() {
      for (var trial : store.open(tx, row.number())) {
        if (trial.state() == TrialState.PAUSED) {
          events.stoppedEarly(study.trial(trial.number()), study.spec().objectives());
        } else if (state == StudyState.STOPPED) {
          events.abandoned(study.trial(trial.number()), "the study was stopped");
        }
      }
      events.studyEnded(state);
    }

    /// When whoever has a trial now must have been heard of again.
    Instant until() {
      return now.plus(row.lease());
    }

    boolean isCurrent(TrialRow trial, @Nullable Integer attempt) {
      return attempt == null || attempt == trial.attempt();
    }

    /// Who has a trial that somebody was heard of. One that was given back and that nobody else has
    /// got since is its worker's again.
    Holding heardOf(TrialRow trial) {
      var holding = Holding.of(trial);
      if (trial.state() != TrialState.WAITING || trial.attempt() == 0) {
        return holding;
      }
      study.takeUp(trial.number());
      return holding.takenUp(until());
    }

    /// Hands out again what nobody was heard of, or gives it up.
    void giveBackSilent() {
      for (var trial : store.silent(tx, row.number(), now)) {
        boolean again = state != StudyState.STOPPED && trial.lost() < MOST_LOST;
        if (again) {
          study.giveBack(trial.number());
        } else {
          study.fail(trial.number());
        }
        var why = "Nothing was heard of its worker for " + row.lease().toSeconds() + " s.";
        save(trial.number(), Holding.of(trial).silent(why));
        if (state != StudyState.STOPPED) {
          // else its run ended with the study
          ended(trial.number(), why);
        }
      }
    }
  }

  private <R> R step(String name, Function<Step, R> work) {
    long[] number = {-1};
    try {
      return db.inTransaction(tx -> {
        var row = store.lock(tx, name).orElseThrow(() -> notFound(name));
        number[0] = row.number();
        var step = new Step(tx, row, live(tx, row));
        var result = work.apply(step);
        if (step.state == StudyState.RUNNING && step.study.ended()) {
          step.state = StudyState.ENDED;
          step.changed = true;
        }
        if (row.state() == StudyState.RUNNING && step.state != StudyState.RUNNING) {
          step.over();
        }
        if (step.events.send()) {
          tx.afterCommit(relay::wake);
        }
        if (step.changed) {
          long version =
              store.changed(
                  tx, row.number(), step.state, step.study.leading().orElse(null), step.now);
          kept.put(row.number(), new Live(version, step.study));
        }
        return result;
      });
    } catch (RuntimeException e) {
      // what is in memory may be ahead of the rows
      kept.invalidate(number[0]);
      throw e;
    }
  }

  private Study live(Handle tx, StudyRow row) {
    var live = kept.getIfPresent(row.number());
    if (live == null || live.version != row.version()) {
      var study = Study.restore(spec(row), store.trials(tx, row.number()));
      live = new Live(row.version(), study);
      kept.put(row.number(), live);
    }
    return live.study;
  }

  private static StudySpec spec(StudyRow row) {
    return StudySpec.read(StudyReader.search(row.json()));
  }

  /// Makes a study; nothing happens where there is one of the same name and spec.
  ///
  /// @return whether it was made
  boolean create(String name, JsonNode body) {
    var wanted = StudyReader.read(name, body);
    boolean created =
        db.inTransaction(tx -> {
          var now = clock.instant();
          var run = Ids.runId("study", Ids.uuid7(now.toEpochMilli()).toString());
          if (!store.create(tx, name, body, wanted.lease(), run, now)) {
            return false;
          }
          var row = store.lock(tx, name).orElseThrow();
          var events = new StudyEvents(outbox, tx, row, now);
          events.studyMade(wanted.spec());
          events.send();
          var study = Study.of(wanted.spec());
          for (var earlier : wanted.from()) {
            var from = store.find(earlier).orElseThrow(() -> noEarlier(earlier));
            study.addTrials(earlier(wanted.spec(), from, store.trials(tx, from.number())));
          }
          for (var trial : study.trials()) {
            store.save(tx, row.number(), trial, Holding.NONE, null, now);
          }
          return true;
        });
    var row = store.find(name).orElseThrow(() -> notFound(name));
    if (!created && !StudyReader.read(name, row.json()).equals(wanted)) {
      throw new ProblemException(
          ProblemCode.STUDY_EXISTS, "There is a study '%s' with another spec.".formatted(name));
    }
    return created;
  }

  /// @param trial null where there is none now
  record Asked(@Nullable TrialRow trial, @Nullable Long budget, boolean resumed, boolean ended) {}

  /// The next trial. The same key gets the same trial again.
  Asked ask(String name, @Nullable String worker, @Nullable String key) {
    return step(
        name,
        step -> {
          if (key != null) {
            var before = store.asked(step.tx, step.row.number(), key);
            if (before.isPresent()) {
              return askedAgain(step, before.get());
            }
          }
          if (step.state == StudyState.STOPPED) {
            return new Asked(null, null, false, true);
          }
          step.giveBackSilent();
          var trial = step.study.ask();
          if (trial.isEmpty()) {
            return new Asked(null, null, false, step.study.ended());
          }
          int number = trial.get().number();
          var holding =
              store
                  .trial(step.tx, step.row.number(), number)
                  .map(Holding::of)
                  .orElse(Holding.NONE)
                  .handedOut(worker, key, step.until());
          step.save(number, holding);
          step.events.handedOut(step.study.trial(number), holding.attempt(), worker);
          return asked(step, step.trial(number));
        });
  }

  private Asked askedAgain(Step step, TrialRow trial) {
    if (trial.state() != TrialState.WAITING || step.state == StudyState.STOPPED) {
      return asked(step, trial);
    }
    step.save(trial.number(), step.heardOf(trial));
    return asked(step, step.trial(trial.number()));
  }

  private Asked asked(Step step, TrialRow trial) {
    return new Asked(
        trial,
        step.study.budget(trial.number()),
        !step.study.trial(trial.number()).reports().isEmpty() || trial.leftAs() > 0,
        false);
  }

  Verdict report(String name, int number, long step, double value, @Nullable Integer attempt) {
    return step(
        name,
        at -> {
          var trial = at.trial(number);
          if (at.state == StudyState.STOPPED || !at.isCurrent(trial, attempt)) {
            return Verdict.STOP;
          }
          var held = at.heardOf(trial);
          if (at.study.standing(number).state() != TrialState.RUNNING) {
            return at.study.report(number, step, value);
          }
          if (!at.study.isNews(number, step)) {
            if (trial.state() == TrialState.RUNNING) {
              store.renew(at.tx, at.row.number(), number, at.until());
            } else {
              at.save(number, held);
            }
            return Verdict.GO_ON;
          }
          at.events.reported(number, at.study.spec().objectives().getFirst(), step, value);
          var verdict = at.study.report(number, step, value);
          store.report(at.tx, at.row.number(), number, step, value, at.now);
          if (verdict == Verdict.GO_ON) {
            at.save(number, held.renewed(at.until()));
          } else {
            at.ended(number, null);
            at.save(number, held.ended(null));
          }
          return verdict;
        });
  }

  /// @param values none where it failed
  void tell(
      String name,
      int number,
      List<Double> values,
      @Nullable String message,
      @Nullable Integer attempt) {
    step(
        name,
        step -> {
          var trial = step.trial(number);
          if (!step.isCurrent(trial, attempt)) {
            throw new ProblemException(
                ProblemCode.TRIAL_ENDED,
                "Trial %d was handed out again: attempt %d has it, not %d."
                    .formatted(number, trial.attempt(), attempt));
          }
          var held = step.heardOf(trial);
          if (values.isEmpty()) {
            step.study.fail(number);
          } else {
            step.study.tell(number, values.stream().mapToDouble(Double::doubleValue).toArray());
          }
          step.save(number, held.ended(message));
          if (step.study.standing(number).state() != trial.state()) {
            step.ended(number, message);
          }
          return null;
        });
  }

  int enqueue(String name, Map<String, ?> params) {
    return step(
        name,
        step -> {
          if (step.state == StudyState.STOPPED) {
            throw new ProblemException(
                ProblemCode.STUDY_ENDED, "The study '%s' was stopped.".formatted(name));
          }
          var trial = step.study.enqueue(params);
          step.save(trial.number(), Holding.NONE);
          step.state = StudyState.RUNNING;
          return trial.number();
        });
  }

  void stop(String name) {
    step(
        name,
        step -> {
          if (step.state == StudyState.RUNNING) {
            step.state = StudyState.STOPPED;
            step.changed = true;
          }
          return null;
        });
  }

  /// Deletes a study with its trials; their runs stay, as records of what was tried.
  void delete(String name) {
    db.useTransaction(tx -> {
      var row = store.lock(tx, name).orElseThrow(() -> notFound(name));
      if (isReadable(tx, row)) {
        step(
            name,
            step -> {
              step.state = StudyState.STOPPED;
              return null;
            });
      }
      store.delete(tx, row.number());
    });
  }

  private boolean isReadable(Handle tx, StudyRow row) {
    try {
      live(tx, row);
      return true;
    } catch (ProblemException e) {
      LOG.warnf(
          "the study '%s' is deleted without ending its runs, as it cannot be read: %s",
          row.name(), e.getMessage());
      return false;
    }
  }

  /// Takes in that workers were lost, also in studies that nobody asks for trials any more.
  void takeInSilent() {
    for (var name : store.withSilent(clock.instant())) {
      try {
        step(
            name,
            step -> {
              step.giveBackSilent();
              return null;
            });
      } catch (RuntimeException e) {
        if (Db.isTransient(e)) {
          throw e;
        }
        // one that is damaged must not hold up the others
        LOG.warnf("the trials of study '%s' are not looked after: %s", name, Loop.rootMessage(e));
      }
    }
  }

  /// Asks a study something that changes nothing.
  <R> R look(String name, Function<Study, R> question) {
    return step(name, step -> question.apply(step.study));
  }

  Optional<TrialRow> trial(long study, int number) {
    return db.read(handle -> store.trial(handle, study, number));
  }

  Map<Long, Double> reports(long study, int number) {
    return db.read(handle -> store.reports(handle, study, number));
  }

  static ProblemException notFound(String name) {
    return new ProblemException(ProblemCode.STUDY_NOT_FOUND, "There is no study '" + name + "'.");
  }

  static ProblemException noTrial(String name, int number) {
    return new ProblemException(
        ProblemCode.TRIAL_NOT_FOUND, "The study '%s' has no trial %d.".formatted(name, number));
  }

  /// A study to learn from, which has the objectives that are wanted.
  private static Study earlier(StudySpec wanted, StudyRow from, List<TrialRecord> trials) {
    var spec = spec(from);
    var has = spec.objectives().stream().map(Objective::name).toList();
    for (var objective : wanted.objectives()) {
      if (!has.contains(objective.name())) {
        throw refused(
            "OBJECTIVE_MISSING",
            "'%s' has no objective '%s'".formatted(from.name(), objective.name()),
            "It has %s. Learn from another study, or leave it out."
                .formatted(String.join(", ", has)));
      }
    }
    return Study.restore(spec, trials);
  }

  private static ProblemException noEarlier(String name) {
    return refused(
        "STUDY_NOT_FOUND",
        "there is no study '%s' to learn from".formatted(name),
        "Name another one, or leave it out.");
  }

  private static ProblemException refused(String code, String message, String remedy) {
    var error = new Problem.Violation(code, message, "from", null, null, remedy);
    return new ProblemException(
        Problem.of(ProblemCode.STUDY_INVALID, error.message(), List.of(error)));
  }
}
