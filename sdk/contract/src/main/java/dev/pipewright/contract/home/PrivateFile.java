package dev.pipewright.contract.home;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;

/// A small file that only its owner can read, not even for a moment anybody else, and that is
/// either complete or not there.
public final class PrivateFile {
  private static final int PASSWORD_BYTES = 16;

  private PrivateFile() {}

  public static void write(Path file, String text) throws IOException {
    write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /// Writes it, in place of one that may be there, in a folder that is made if it is not.
  public static void write(Path file, byte[] content) throws IOException {
    var folder = file.toAbsolutePath().getParent();
    Files.createDirectories(folder);
    var fresh =
        Files.createTempFile(
            folder,
            file.getFileName() + ".unfinished-",
            "",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      Files.write(fresh, content);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      // There only if the disk was full.
      Files.deleteIfExists(fresh);
    }
  }

  /// The password in the file; a new one where there is no file.
  public static String password(Path file) throws IOException {
    if (!Files.exists(file)) {
      var random = new byte[PASSWORD_BYTES];
      new SecureRandom().nextBytes(random);
      write(file, HexFormat.of().formatHex(random) + "\n");
    }
    return Files.readString(file).strip();
  }
}
