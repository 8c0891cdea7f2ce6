package dev.pipewright.tracker.webhook;

import dev.pipewright.platform.PlatformConfig;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.util.UUID;

/// Encrypts the secrets of webhooks, each bound to its webhook.
@ApplicationScoped
class SecretBox {
  static final String FILE = "webhook.key";

  private final dev.pipewright.platform.SecretBox box;

  @Inject
  SecretBox(PlatformConfig config) {
    this(config.home());
  }

  SecretBox(Path home) {
    this.box = new dev.pipewright.platform.SecretBox(home.resolve(FILE));
  }

  byte[] seal(UUID webhook, String secret) {
    return box.seal(webhook.toString(), secret);
  }

  byte[] open(UUID webhook, byte[] sealed) throws dev.pipewright.platform.SecretBox.WrongKey {
    return box.open(webhook.toString(), sealed);
  }
}
