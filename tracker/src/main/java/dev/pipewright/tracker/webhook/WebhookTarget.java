package dev.pipewright.tracker.webhook;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;

/// Decides where webhooks may send to, so that nobody reaches through this server what only it can
/// reach. The address is looked up and checked for every attempt, and the connection goes to
/// exactly the address that was checked: the name is not looked up again in between.
@ApplicationScoped
public class WebhookTarget {
  private static final int HTTP = 80;
  private static final int HTTPS = 443;

  private final boolean allowHttp;
  private final boolean allowPrivate;

  @Inject
  WebhookTarget(WebhookConfig config) {
    this(config.allowHttp(), config.allowPrivate());
  }

  WebhookTarget(boolean allowHttp, boolean allowPrivate) {
    this.allowHttp = allowHttp;
    this.allowPrivate = allowPrivate;
  }

  /// A checked address.
  record Target(URI uri, InetAddress address, int port, boolean tls) {}

  /// Why a webhook may not send somewhere.
  public static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message);
    }
  }

  /// Refuses what would be refused at every attempt.
  public void check(String url) throws Refused {
    of(url);
  }

  Target of(String url) throws Refused {
    URI uri;
    try {
      uri = new URI(url.strip());
    } catch (URISyntaxException e) {
      throw new Refused("Invalid webhook URL '" + url + "': " + e.getMessage());
    }
    var scheme = uri.getScheme() == null ? "" : uri.getScheme();
    boolean tls = scheme.equalsIgnoreCase("https");
    if (!tls && !scheme.equalsIgnoreCase("http")) {
      throw new Refused(
          "Invalid webhook URL scheme: '" + scheme + "'. Allowed schemes are: https.");
    }
    var host = uri.getHost();
    if (host == null || host.isEmpty()) {
      throw new Refused("Webhook URL must include a hostname: '" + url + "'");
    }
    if (uri.getUserInfo() != null) {
      throw new Refused("Webhook URL must not include a user or password; use the secret.");
    }
    var addresses = lookUp(host);
    boolean here = addresses.stream().allMatch(PublicAddress::isLoopback);
    if (!tls && !here && !allowHttp) {
      throw new Refused(
          "Invalid webhook URL scheme: 'http'. Allowed schemes are: https. Set"
              + " PIPEWRIGHT_WEBHOOKS_ALLOW_HTTP=true to allow http.");
    }
    // One private address among public ones is enough to be refused.
    if (!here && !allowPrivate && !addresses.stream().allMatch(PublicAddress::is)) {
      throw new Refused(
          "Webhook URL must not resolve to a non-public IP address: '"
              + host
              + "'. Set PIPEWRIGHT_WEBHOOKS_ALLOW_PRIVATE=true to allow private networks.");
    }
    int port = uri.getPort() >= 0 ? uri.getPort() : tls ? HTTPS : HTTP;
    return new Target(uri, addresses.getFirst(), port, tls);
  }

  private static List<InetAddress> lookUp(String host) throws Refused {
    try {
      var literal = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
      return List.of(InetAddress.getAllByName(literal));
    } catch (UnknownHostException e) {
      throw new Refused("Cannot resolve Webhook URL hostname: '" + host + "'");
    }
  }
}
