package dev.pipewright.tabular;

import dev.pipewright.tabular.evaluate.Evaluate;
import java.nio.file.Path;

/// Split, train and evaluate, one after the other, as a pipeline with default inputs would run
/// them.
public record Flow(FakeContext split, FakeContext train, FakeContext evaluate) {
  public static Flow learn(Path folder, Path data, String target) throws Exception {
    var split = new FakeContext(folder.resolve("split")).with("data", data).with("target", target);
    new Split().run(split);
    var train =
        new FakeContext(folder.resolve("train"))
            .with("train", split.outputs().resolve("train.csv"))
            .with("target", target);
    new Xgboost().run(train);
    var evaluate =
        new FakeContext(folder.resolve("evaluate"))
            .with("model", train.model())
            .with("data", split.outputs().resolve("test.csv"));
    new Evaluate().run(evaluate);
    return new Flow(split, train, evaluate);
  }
}
