package dev.pipewright.orchestrator.trigger;

import dev.pipewright.platform.PlatformConfig;
import dev.pipewright.platform.SecretBox;
import jakarta.enterprise.context.ApplicationScoped;

/// Encrypts the secrets of hooks, each bound to its trigger.
@ApplicationScoped
class HookSecrets {
  private static final String FILE = "trigger.key";

  private final SecretBox box;

  HookSecrets(PlatformConfig config) {
    this.box = new SecretBox(config.home().resolve(FILE));
  }

  byte[] seal(String trigger, String secret) {
    return box.seal(trigger, secret);
  }

  byte[] open(String trigger, byte[] sealed) throws SecretBox.WrongKey {
    return box.open(trigger, sealed);
  }
}
