package dev.pipewright.tracker.mlflow;

import java.util.concurrent.ThreadLocalRandom;

/// A name for a run that nobody named: easy to say and to tell apart.
final class RunName {
  private static final String[] ADJECTIVES = {
    "amber", "bold", "brisk", "calm", "clever", "crisp", "dapper", "eager", "fair", "fleet",
    "gentle", "glad", "golden", "honest", "jolly", "keen", "kind", "lively", "lucid", "lucky",
    "mellow", "merry", "mild", "neat", "noble", "patient", "plucky", "polite", "proud", "quick",
    "quiet", "ready", "serene", "sharp", "silver", "smooth", "steady", "sunny", "tidy", "wise"
  };
  private static final String[] NOUNS = {
    "badger", "beaver", "bison", "cobra", "condor", "crane", "dolphin", "eagle", "falcon", "ferret",
    "finch", "gecko", "heron", "ibex", "jackal", "kestrel", "lemur", "lynx", "magpie", "marten",
    "mole", "newt", "ocelot", "orca", "osprey", "otter", "panther", "pelican", "puffin", "quail",
    "raven", "robin", "salmon", "seal", "shrew", "stork", "swan", "tapir", "walrus", "wren"
  };

  private RunName() {}

  static String random() {
    var random = ThreadLocalRandom.current();
    return ADJECTIVES[random.nextInt(ADJECTIVES.length)]
        + "-"
        + NOUNS[random.nextInt(NOUNS.length)]
        + "-"
        + random.nextInt(1000);
  }
}
