package dev.pipewright.tracker.webhook;

import dev.pipewright.platform.PlatformConfig;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// Encrypts the secrets of webhooks with a key that is in a file beside the data, not in the
/// database: a copy of the database alone gives no secret away.
@ApplicationScoped
class SecretBox {
  static final String FILE = "webhook.key";
  private static final String CIPHER = "AES/GCM/NoPadding";
  private static final int KEY_BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;

  private final Path file;
  private final SecureRandom random = new SecureRandom();
  private final ReentrantLock making = new ReentrantLock();
  private volatile @Nullable SecretKeySpec key;

  @Inject
  SecretBox(PlatformConfig config) {
    this(config.home());
  }

  SecretBox(Path home) {
    this.file = home.resolve(FILE);
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
      throw new WrongKey(file, e);
    }
  }

  /// Bound to its webhook: it is of no use in another one's row.
  private Cipher cipher(int mode, UUID webhook, byte[] nonce) throws GeneralSecurityException {
    var cipher = Cipher.getInstance(CIPHER);
    cipher.init(mode, key(), new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(webhook.toString().getBytes(StandardCharsets.UTF_8));
    return cipher;
  }

  private SecretKeySpec key() {
    var known = key;
    if (known != null) {
      return known;
    }
    making.lock();
    try {
      if (!Files.exists(file)) {
        make();
      }
      var bytes = Files.readAllBytes(file);
      if (bytes.length != KEY_BYTES) {
        throw new IOException(
            file + " has " + bytes.length + " bytes; a key has " + KEY_BYTES + ". Restore it.");
      }
      var read = new SecretKeySpec(bytes, "AES");
      key = read;
      return read;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      making.unlock();
    }
  }

  private void make() throws IOException {
    var bytes = new byte[KEY_BYTES];
    random.nextBytes(bytes);
    Files.createDirectories(file.toAbsolutePath().getParent());
    // Never readable by others, not even for a moment, and never half there.
    var fresh =
        Files.createTempFile(
            file.toAbsolutePath().getParent(),
            FILE,
            ".new",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try (var out = Files.newByteChannel(fresh, Set.of(StandardOpenOption.WRITE))) {
      out.write(ByteBuffer.wrap(bytes));
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
