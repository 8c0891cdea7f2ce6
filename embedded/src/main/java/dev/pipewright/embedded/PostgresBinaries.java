package dev.pipewright.embedded;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/// PostgreSQL's programs, unpacked once out of the class path into the cache folder.
final class PostgresBinaries {
  /// The version the build pins, `18.4.0`.
  static final String VERSION = version();

  private final Path root;

  private PostgresBinaries(Path root) {
    this.root = root;
  }

  Path program(String name) {
    return root.resolve("bin").resolve(name);
  }

  static PostgresBinaries unpacked(Progress progress) throws IOException {
    var root = Folders.cache().resolve("postgres-" + VERSION);
    if (!Files.isExecutable(root.resolve("bin/postgres"))) {
      progress.report("unpacking PostgreSQL " + VERSION);
      var archive = "/postgres-%s-%s.txz".formatted(system(), architecture());
      try (var packed = PostgresBinaries.class.getResourceAsStream(archive)) {
        if (packed == null) {
          throw new ProblemException(
              ProblemCode.POSTGRES_FAILED,
              "There is no embedded PostgreSQL for %s on %s."
                  .formatted(System.getProperty("os.name"), System.getProperty("os.arch")),
              "Run a PostgreSQL of your own and set PIPEWRIGHT_DATABASE_URL.");
        }
        var fresh = Folders.prepare(root);
        unpack(packed, fresh);
        try {
          Folders.commit(fresh, root);
        } catch (FileSystemException e) {
          Folders.delete(fresh);
          // Another start may have been quicker; then its folder is as good as ours.
          if (!Files.isExecutable(root.resolve("bin/postgres"))) {
            throw e;
          }
        }
      }
    }
    return new PostgresBinaries(root);
  }

  private static void unpack(InputStream packed, Path target) throws IOException {
    try (var tar = new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(packed)))) {
      for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        var path = target.resolve(entry.getName()).normalize();
        if (!path.startsWith(target)) {
          throw new IOException("the archive reaches outside of its folder: " + entry.getName());
        }
        if (entry.isDirectory()) {
          Files.createDirectories(path);
          continue;
        }
        Files.createDirectories(path.getParent());
        if (entry.isSymbolicLink()) {
          Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else {
          Files.copy(tar, path);
          boolean executable = (entry.getMode() & 0100) != 0;
          Files.setPosixFilePermissions(
              path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
        }
      }
    }
  }

  private static String system() {
    return System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac")
        ? "darwin"
        : "linux";
  }

  private static String architecture() {
    return List.of("aarch64", "arm64").contains(System.getProperty("os.arch"))
        ? "arm_64"
        : "x86_64";
  }

  private static String version() {
    var properties = new Properties();
    try (var in = PostgresBinaries.class.getResourceAsStream("versions.properties")) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("postgres");
  }
}
