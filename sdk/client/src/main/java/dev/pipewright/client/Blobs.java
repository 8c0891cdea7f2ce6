package dev.pipewright.client;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.DataRef;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
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

  /// Uploads a file, or all files of a folder, as what a data param takes.
  ///
  /// @throws ProblemException INPUT_MISSING when there is no such file or folder, or it cannot be
  ///   read or holds nothing
  public DataRef upload(Path fileOrFolder, DataRef.Kind kind) {
    var name = String.valueOf(fileOrFolder.toAbsolutePath().normalize().getFileName());
    if (!Files.isDirectory(fileOrFolder)) {
      var uploaded = upload(fileOrFolder, name);
      return DataRef.file(kind, name, uploaded.digest(), uploaded.size());
    }
    var files =
        filesOf(fileOrFolder).stream()
            .map(file -> upload(file, relative(fileOrFolder, file)))
            .sorted(Comparator.comparing(DataRef.FileRef::path))
            .toList();
    if (files.isEmpty()) {
      throw new ProblemException(
          ProblemCode.INPUT_MISSING, "There is no file in the folder " + fileOrFolder + ".");
    }
    long size = files.stream().mapToLong(DataRef.FileRef::size).sum();
    return new DataRef(kind, name, DataRef.digestOf(files), size, files, null, null);
  }

  /// Brings the content of an output down: a single file as `target`, several as a folder of that
  /// name. What is there under the same names is replaced.
  ///
  /// @throws ProblemException BLOB_NOT_FOUND, BLOB_DIGEST_MISMATCH when the content was damaged on
  ///   its way, INPUT_INVALID for a path that leads out of the folder
  /// @throws UncheckedIOException when `target` cannot be written
  public void download(DataRef data, Path target) {
    var single = data.files().size() == 1;
    for (var file : data.files()) {
      var to = single ? target : target.resolve(file.path()).normalize();
      if (!single && !to.startsWith(target.normalize())) {
        throw new ProblemException(
            ProblemCode.INPUT_INVALID, "'%s' leads out of the folder.".formatted(file.path()));
      }
      try {
        download(file, to);
      } catch (IOException e) {
        throw new UncheckedIOException(to + " cannot be written: " + e.getMessage(), e);
      }
    }
  }

  private void download(DataRef.FileRef file, Path to) throws IOException {
    var folder = to.toAbsolutePath().getParent();
    Files.createDirectories(folder);
    var partial = Files.createTempFile(folder, ".download", null);
    try {
      http.download(Http.path(List.of("blobs", file.digest()), Map.of()), partial);
      var digest = digest(partial);
      if (!digest.equals(file.digest())) {
        throw new ProblemException(
            ProblemCode.BLOB_DIGEST_MISMATCH,
            "The content of '%s' arrived as %s, not as %s."
                .formatted(file.path(), digest, file.digest()),
            "Try again.");
      }
      Files.move(partial, to, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  private static List<Path> filesOf(Path folder) {
    try (var files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).toList();
    } catch (IOException | UncheckedIOException e) {
      throw unreadable(folder, e);
    }
  }

  private static String relative(Path folder, Path file) {
    return folder.relativize(file).toString().replace(File.separatorChar, '/');
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

  private static ProblemException unreadable(Path file, Exception e) {
    return new ProblemException(
        ProblemCode.INPUT_MISSING,
        Files.exists(file)
            ? "%s cannot be read: %s.".formatted(file, e.getMessage())
            : "There is no file " + file + ".",
        e);
  }
}
