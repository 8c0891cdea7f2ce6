package dev.pipewright.client;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.DataRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/// Files by content: what was uploaded once is not sent again.
public final class Blobs {
  private final Http http;

  Blobs(Http http) {
    this.http = http;
  }

  /// Uploads a file unless the server has its content already.
  ///
  /// @param path under which others refer to it, with `/` between the parts
  /// @throws ProblemException INPUT_MISSING when there is no such file or it cannot be read
  public DataRef.FileRef upload(Path file, String path) {
    var digest = digest(file);
    var address = Http.path(List.of("blobs", digest), Map.of());
    if (!http.exists(address)) {
      http.put(address, file);
    }
    return new DataRef.FileRef(path, digest, size(file));
  }

  /// Uploads a table, for a param of type dataset.
  ///
  /// @throws ProblemException INPUT_MISSING when there is no such file or it cannot be read
  public DataRef uploadDataset(Path file) {
    var name = String.valueOf(file.toAbsolutePath().getFileName());
    var uploaded = upload(file, name);
    return DataRef.file(DataRef.Kind.DATASET, name, uploaded.digest(), uploaded.size());
  }

  private static String digest(Path file) {
    try (var in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      var buffer = new byte[1 << 16];
      while (in.read(buffer) >= 0) {
        // reading is digesting
      }
      return "sha256:" + HexFormat.of().formatHex(in.getMessageDigest().digest());
    } catch (IOException e) {
      throw unreadable(file, e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static ProblemException unreadable(Path file, IOException e) {
    return new ProblemException(
        ProblemCode.INPUT_MISSING,
        Files.exists(file)
            ? "%s cannot be read: %s.".formatted(file, e.getMessage())
            : "There is no file " + file + ".",
        e);
  }
}
