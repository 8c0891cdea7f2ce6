package dev.pipewright.tracker.webhook;

import dev.pipewright.platform.KeyFile;
import dev.pipewright.platform.PlatformConfig;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.UUID;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// Encrypts the secrets of webhooks with a key that is in a file beside the data, not in the
/// database: a copy of the database alone gives no secret away.
@ApplicationScoped
class SecretBox {
  static final String FILE = "webhook.key";
  private static final String CIPHER = "AES/GCM/NoPadding";
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;

  private final KeyFile key;
  private final SecureRandom random = new SecureRandom();

  @Inject
  SecretBox(PlatformConfig config) {
    this(config.home());
  }

  SecretBox(Path home) {
    this.key = new KeyFile(home.resolve(FILE));
  }

  /// The secret was encrypted with another key, or for another webhook.
  static final class WrongKey extends Exception {
    private static final long serialVersionUID = 1L;

    WrongKey(Path file, Throwable cause) {
      super(
          "The webhook's secret cannot be read with the key in "
              + file
              + ". Restore that file, or set the secret again.",
          cause);
    }
  }

  byte[] seal(UUID webhook, String secret) {
    var nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    try {
      var sealed =
          cipher(Cipher.ENCRYPT_MODE, webhook, nonce)
              .doFinal(secret.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.allocate(nonce.length + sealed.length).put(nonce).put(sealed).array();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a secret could not be encrypted", e);
    }
  }

  byte[] open(UUID webhook, byte[] sealed) throws WrongKey {
    var nonce = new byte[NONCE_BYTES];
    System.arraycopy(sealed, 0, nonce, 0, NONCE_BYTES);
    try {
      return cipher(Cipher.DECRYPT_MODE, webhook, nonce)
          .doFinal(sealed, NONCE_BYTES, sealed.length - NONCE_BYTES);
    } catch (GeneralSecurityException e) {
      throw new WrongKey(key.file(), e);
    }
  }

  /// Bound to its webhook: it is of no use in another one's row.
  private Cipher cipher(int mode, UUID webhook, byte[] nonce) throws GeneralSecurityException {
    var cipher = Cipher.getInstance(CIPHER);
    cipher.init(mode, new SecretKeySpec(key.bytes(), "AES"), new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(webhook.toString().getBytes(StandardCharsets.UTF_8));
    return cipher;
  }
}
