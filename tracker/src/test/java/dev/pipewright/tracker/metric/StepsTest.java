package dev.pipewright.tracker.metric;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.TreeSet;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class StepsTest {
  @Property
  void aUnionHasEachStepOnceInOrder(
      @ForAll @Size(max = 20) @LongRange(min = -10, max = 10) long[] a,
      @ForAll @Size(max = 20) @LongRange(min = -10, max = 10) long[] b) {
    var all = new TreeSet<Long>();
    LongStream.concat(Arrays.stream(a), Arrays.stream(b)).forEach(all::add);
    assertThat(Steps.union(set(a), set(b))).containsExactly(all.toArray(Long[]::new));
  }

  private static long[] set(long[] steps) {
    return Steps.distinct(Arrays.stream(steps).sorted().toArray());
  }

  @Property
  void thinningOutKeepsTheFirstAndNoMoreThanAsked(
      @ForAll @IntRange(max = 1_000) int size, @ForAll @IntRange(min = 1, max = 1_000) int most) {
    var steps = LongStream.range(0, size).toArray();
    var kept = Steps.thinnedOut(steps, most);
    assertThat(kept).hasSize(Math.min(size, most)).doesNotHaveDuplicates().isSorted();
    if (size > 0) {
      assertThat(kept[0]).isZero();
    }
  }

  @Test
  void oneStepIsBothEnds() {
    assertThat(Steps.ends(new long[] {7, 7})).containsExactly(7);
    assertThat(Steps.ends(new long[] {7, 8, 9})).containsExactly(7, 9);
  }

  @Test
  void pointsOfTheShownStepsStay() {
    var points =
        new Points(new long[] {1, 2, 2, 4}, new long[] {0, 0, 1, 0}, new double[] {1, 2, 3, 4});
    assertThat(points.only(new long[] {0, 2, 3, 4}).values()).containsExactly(2, 3, 4);
  }
}
