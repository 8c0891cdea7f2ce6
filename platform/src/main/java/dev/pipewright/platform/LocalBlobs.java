package dev.pipewright.platform;

import dev.pipewright.contract.Digests;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.util.Optional;

/// Blobs as files below `blobs/` in the home folder. A file appears under its name by a rename,
/// complete or not at all.
@ApplicationScoped
public class LocalBlobs implements Blobs {
  private final Path folder;

  @Inject
  public LocalBlobs(PlatformConfig config) {
    this(config.home().resolve("blobs"));
  }

  public LocalBlobs(Path folder) {
    this.folder = folder;
  }

  @Override
  public Stored put(String digest, InputStream content) throws IOException {
    var target = file(digest);
    if (Files.exists(target)) {
      return new Stored(Files.size(target), false);
    }
    Files.createDirectories(target.getParent());
    var incoming =
        Files.createTempFile(Files.createDirectories(folder.resolve("incoming")), "", "");
    try {
      var hashed = new DigestInputStream(content, Digests.sha256());
      long size;
      try (var out = Files.newOutputStream(incoming)) {
        size = hashed.transferTo(out);
      }
      var actual = Digests.finish(hashed.getMessageDigest());
      if (!actual.equals(digest)) {
        throw new ProblemException(
            ProblemCode.BLOB_DIGEST_MISMATCH,
            "The content was sent as " + digest + " but is " + actual + ".");
      }
      try (var channel = FileChannel.open(incoming, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      Files.move(incoming, target, StandardCopyOption.ATOMIC_MOVE);
      return new Stored(size, true);
    } finally {
      Files.deleteIfExists(incoming);
    }
  }

  @Override
  public boolean exists(String digest) {
    return Files.exists(file(digest));
  }

  @Override
  public Optional<Content> open(String digest) throws IOException {
    var file = file(digest);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    return Optional.of(new Content(Files.size(file), Files.newInputStream(file)));
  }

  private Path file(String digest) {
    if (!Digests.isDigest(digest)) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST,
          "'"
              + digest
              + "' is not a digest; one is 'sha256:' and 64 lower-case hexadecimal digits.");
    }
    var hex = digest.substring("sha256:".length());
    return folder.resolve("sha256").resolve(hex.substring(0, 2)).resolve(hex);
  }
}
