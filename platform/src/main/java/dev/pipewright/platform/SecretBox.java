package dev.pipewright.platform;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/// Encrypts secrets with a key that is in a file beside the data, not in the database: a copy of
/// the database alone gives no secret away.
public final class SecretBox {
  private static final String CIPHER = "AES/GCM/NoPadding";
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;

  private final KeyFile key;
  private final SecureRandom random = new SecureRandom();

  public SecretBox(Path keyFile) {
    this.key = new KeyFile(keyFile);
  }

  /// The secret was encrypted with another key, or for another owner.
  public static final class WrongKey extends Exception {
    private static final long serialVersionUID = 1L;

    WrongKey(Path file, Throwable cause) {
      super(
          "The secret cannot be read with the key in "
              + file
              + ". Restore that file, or set the secret again.",
          cause);
    }
  }

  /// @param owner whose secret it is: it is of no use in another one's row
  public byte[] seal(String owner, String secret) {
    var nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    try {
      var sealed =
          cipher(Cipher.ENCRYPT_MODE, owner, nonce)
              .doFinal(secret.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.allocate(nonce.length + sealed.length).put(nonce).put(sealed).array();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a secret could not be encrypted", e);
    }
  }

  public byte[] open(String owner, byte[] sealed) throws WrongKey {
    var nonce = new byte[NONCE_BYTES];
    System.arraycopy(sealed, 0, nonce, 0, NONCE_BYTES);
    try {
      return cipher(Cipher.DECRYPT_MODE, owner, nonce)
          .doFinal(sealed, NONCE_BYTES, sealed.length - NONCE_BYTES);
    } catch (GeneralSecurityException e) {
      throw new WrongKey(key.file(), e);
    }
  }

  private Cipher cipher(int mode, String owner, byte[] nonce) throws GeneralSecurityException {
    var cipher = Cipher.getInstance(CIPHER);
    cipher.init(mode, new SecretKeySpec(key.bytes(), "AES"), new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(owner.getBytes(StandardCharsets.UTF_8));
    return cipher;
  }
}
