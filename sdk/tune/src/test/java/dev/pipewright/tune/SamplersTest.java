package dev.pipewright.tune;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.pipewright.contract.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/// What holds of every sampler in every space.
class SamplersTest {
  @Provide
  Arbitrary<Sampler> samplers() {
    return Arbitraries.of(
        new RandomSearch(), new Grid(3), new Tpe(3, 5), new CmaEs(4, 0.3), new Nsga2(4));
  }

  private static Optional<StudySpec> spec(Sampler sampler, long seed) {
    var space = Spaces.any(seed);
    var objectives = List.of(Objective.minimize("loss"));
    return sampler.check(space, objectives).isEmpty()
        ? Optional.of(
            StudySpec.of(space, Objective.minimize("loss")).sampledBy(sampler).seededWith(seed))
        : Optional.empty();
  }

  /// Something that depends on all params, without a sense.
  private static double loss(Map<String, ?> params) {
    return (params.hashCode() & 0xffff) / 65536.0;
  }

  @Property(tries = 300)
  void whatIsSuggestedLiesInTheSpace(@ForAll("samplers") Sampler sampler, @ForAll long seed) {
    spec(sampler, seed)
        .ifPresent(spec -> {
          var study = Study.of(spec);
          for (int i = 0; i < 20; i++) {
            var trial = study.ask();
            if (trial.isEmpty()) {
              assertThat(sampler).isInstanceOf(Grid.class);
              return;
            }
            var params = trial.get().params();
            // throws where a value is not in its domain or on its step, where an active
            // parameter is missing, and where one is there that is not active
            var point = spec.space().encode(params, false);
            assertThat(spec.space().decode(point)).isEqualTo(params);
            trial.get().tell(loss(params));
          }
        });
  }

  @Property(tries = 200)
  void theSameSeedMakesTheSameTrialsAlsoAfterARestart(
      @ForAll("samplers") Sampler sampler, @ForAll long seed) throws Exception {
    var spec = spec(sampler, seed);
    if (spec.isEmpty()) {
      return;
    }
    var straight = Study.of(spec.get());
    var restarted = Study.of(spec.get());
    for (int i = 0; i < 20; i++) {
      var one = straight.ask();
      var other = restarted.ask();
      assertThat(other.map(Trial::params)).isEqualTo(one.map(Trial::params));
      one.ifPresent(trial -> trial.tell(loss(trial.params())));
      other.ifPresent(trial -> trial.tell(loss(trial.params())));
      var text = restarted.toJson().toString();
      restarted = Study.read(Json.MAPPER.readTree(text));
      assertThat(restarted.toJson().toString()).isEqualTo(text);
    }
    assertThat(restarted.trials()).isEqualTo(straight.trials());
  }

  @Property(tries = 100)
  void aGridHasEachCombinationOnce(@ForAll long seed) {
    var study =
        Study.of(StudySpec.of(Spaces.any(seed), Objective.minimize("y")).sampledBy(new Grid(2)));
    var seen = new ArrayList<Map<String, ?>>();
    var trial = study.ask();
    for (; trial.isPresent() && seen.size() < 500; trial = study.ask()) {
      seen.add(trial.get().params());
      trial.get().tell(1);
    }
    assertThat(seen).doesNotHaveDuplicates();
    assertThat(study.ended()).isEqualTo(trial.isEmpty());
  }

  @Property
  void specsAreTheSameAfterJson(@ForAll("samplers") Sampler sampler, @ForAll long seed) {
    spec(sampler, seed)
        .ifPresent(spec -> {
          ObjectNode json = spec.prunedBy(new Hyperband(1, 27, 3)).upTo(9).toJson();
          assertThat(StudySpec.read(json).toJson()).isEqualTo(json);
        });
  }
}
