package dev.pipewright.tune;

import java.util.ArrayList;
import java.util.SplittableRandom;

/// Search spaces for tests.
final class Spaces {
  private Spaces() {}

  /// Any space: up to eight parameters of every kind, some of which depend on earlier ones.
  static SearchSpace any(long seed) {
    var random = new SplittableRandom(seed);
    var parameters = new ArrayList<Parameter>();
    int size = random.nextInt(1, 9);
    for (int i = 0; i < size; i++) {
      var name = "p" + i;
      Parameter parameter =
          switch (random.nextInt(7)) {
            case 0 -> Parameter.real(name, -random.nextDouble() * 10, random.nextDouble() * 10);
            case 1 -> Parameter.real(name, 1e-6, Math.pow(10, random.nextInt(-5, 3))).inLog();
            case 2 -> Parameter.real(name, -0.3, random.nextDouble(0, 5)).by(0.1);
            case 3 -> Parameter.whole(name, random.nextInt(-20, 0), random.nextInt(0, 50)).by(3);
            case 4 -> Parameter.whole(name, 1, random.nextInt(1, 2000)).inLog();
            case 5 -> Parameter.choice(name, "a", 1, 2.5, true, null);
            default -> Parameter.whole(name, 4, 4);
          };
      int parent = random.nextInt(i + 1);
      if (parent < i && random.nextBoolean()) {
        var axis = new Axis(parameters.get(parent));
        if (axis.size > 0 && !(axis.parameter instanceof Parameter.Real)) {
          parameter =
              parameter.onlyWhen(
                  "p" + parent,
                  axis.value(axis.first),
                  axis.value(axis.nth(random.nextLong(axis.size))));
        }
      }
      parameters.add(parameter);
    }
    return SearchSpace.of(parameters);
  }
}
