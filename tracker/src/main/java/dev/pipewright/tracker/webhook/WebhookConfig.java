package dev.pipewright.tracker.webhook;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/// Where webhooks may send to.
@ConfigMapping(prefix = "pipewright.webhooks")
public interface WebhookConfig {
  /// Whether addresses may be `http:`; always allowed to this machine itself.
  @WithDefault("false")
  boolean allowHttp();

  /// Whether addresses within private networks are allowed.
  @WithDefault("false")
  boolean allowPrivate();
}
