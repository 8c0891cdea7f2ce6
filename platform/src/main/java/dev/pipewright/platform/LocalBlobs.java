package dev.pipewright.platform;

import dev.pipewright.contract.Digests;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Blobs as files below one folder. A file appears under its name by a rename, complete or not at
/// all. The time a file was changed is the time it was stored or renewed.
public final class LocalBlobs implements Blobs {
  private static final String DELETING = ".deleting";
  private static final int BUFFER = 1024 * 1024;

  private final Path folder;
  private final InstantSource clock;

  public LocalBlobs(Path folder, InstantSource clock) {
    this.folder = folder;
    this.clock = clock;
  }

  @Override
  public Stored put(InputStream content) throws IOException {
    return store(null, content);
  }

  @Override
  public Stored put(String digest, InputStream content) throws IOException {
    var target = file(digest);
    if (renew(digest)) {
      return new Stored(digest, Files.size(target), false);
    }
    return store(digest, content);
  }

  private Stored store(@Nullable String expected, InputStream content) throws IOException {
    var incoming = Files.createTempFile(Files.createDirectories(incoming()), "", "");
    try {
      var hashed = new DigestInputStream(content, Digests.sha256());
      long size = 0;
      try (var channel = FileChannel.open(incoming, StandardOpenOption.WRITE)) {
        var out = Channels.newOutputStream(channel);
        var buffer = new byte[BUFFER];
        for (int read = hashed.read(buffer); read >= 0; read = hashed.read(buffer)) {
          out.write(buffer, 0, read);
          size += read;
        }
        channel.force(true);
      }
      var digest = Digests.finish(hashed.getMessageDigest());
      if (expected != null && !digest.equals(expected)) {
        throw mismatch(expected, digest);
      }
      if (renew(digest)) {
        return new Stored(digest, size, false);
      }
      Files.setLastModifiedTime(incoming, FileTime.from(clock.instant()));
      var target = file(digest);
      Files.createDirectories(target.getParent());
      Files.move(incoming, target, StandardCopyOption.ATOMIC_MOVE);
      return new Stored(digest, size, true);
    } finally {
      Files.deleteIfExists(incoming);
    }
  }

  static ProblemException mismatch(String expected, String actual) {
    return new ProblemException(
        ProblemCode.BLOB_DIGEST_MISMATCH,
        "The content was sent as " + expected + " but is " + actual + ".");
  }

  @Override
  public OptionalLong size(String digest) throws IOException {
    for (var file : places(digest)) {
      try {
        return OptionalLong.of(Files.size(file));
      } catch (NoSuchFileException e) {
        // The next place.
      }
    }
    return OptionalLong.empty();
  }

  @Override
  public boolean renew(String digest) throws IOException {
    var file = file(digest);
    try {
      Files.setLastModifiedTime(file, FileTime.from(clock.instant()));
      // A deletion that took it away meanwhile may not have seen the new time.
      return Files.exists(file);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  @Override
  public Optional<Content> open(String digest, long from, long length) throws IOException {
    for (var file : places(digest)) {
      try {
        return Optional.of(part(FileChannel.open(file, StandardOpenOption.READ), from, length));
      } catch (NoSuchFileException e) {
        // The next place.
      }
    }
    return Optional.empty();
  }

  private static Content part(FileChannel channel, long from, long length) throws IOException {
    try {
      long size = channel.size();
      channel.position(Math.min(from, size));
      var stream = Channels.newInputStream(channel);
      return new Content(size, length >= size - from ? stream : new Part(stream, length));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /// Where a content may be: a deletion sets it aside for a moment, and may bring it back.
  private List<Path> places(String digest) {
    var file = file(digest);
    return List.of(file, aside(file), file);
  }

  private static Path aside(Path file) {
    return file.resolveSibling(file.getFileName() + DELETING);
  }

  /// Takes the file away under another name before it looks at its time: a renewal either came
  /// before, and is seen, or finds no file and stores the content anew.
  @Override
  public boolean deleteUnlessRenewed(String digest, Instant since) throws IOException {
    var file = file(digest);
    if (!isOlder(file, since)) {
      return false;
    }
    var aside = aside(file);
    try {
      Files.move(file, aside, StandardCopyOption.ATOMIC_MOVE);
      if (renewedAt(aside).isBefore(since)) {
        return Files.deleteIfExists(aside);
      }
      restore(aside, file);
    } catch (NoSuchFileException e) {
      // Another server deleted or restored it.
    }
    return false;
  }

  private static Instant renewedAt(Path file) throws IOException {
    return Files.getLastModifiedTime(file).toInstant();
  }

  @Override
  public void forEach(Consumer<Entry> action) throws IOException {
    for (var file : files()) {
      var digest = "sha256:" + file.getFileName();
      if (Digests.isDigest(digest)) {
        try {
          action.accept(new Entry(digest, Files.size(file), renewedAt(file)));
        } catch (NoSuchFileException e) {
          // Deleted meanwhile.
        }
      }
    }
  }

  private List<Path> files() throws IOException {
    var all = folder.resolve("sha256");
    if (!Files.exists(all)) {
      return List.of();
    }
    try (var files = Files.walk(all, 2)) {
      return files.toList();
    }
  }

  /// Other servers may share the folder, so age alone tells an upload that goes on from one that
  /// was killed. A file that was set aside to be deleted goes back under its name: it may have been
  /// renewed before.
  @Override
  public int deleteAbandoned(Instant before) throws IOException {
    int deleted = 0;
    if (Files.exists(incoming())) {
      try (var files = Files.newDirectoryStream(incoming())) {
        for (var file : files) {
          if (isOlder(file, before) && Files.deleteIfExists(file)) {
            deleted++;
          }
        }
      }
    }
    for (var aside : files()) {
      var name = aside.getFileName().toString();
      if (name.endsWith(DELETING)) {
        restore(aside, aside.resolveSibling(name.substring(0, name.length() - DELETING.length())));
      }
    }
    return deleted;
  }

  /// Renewed first: it may take the place of a file that was stored meanwhile.
  private void restore(Path aside, Path file) throws IOException {
    try {
      Files.setLastModifiedTime(aside, FileTime.from(clock.instant()));
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      // The server that set it aside is alive and went on.
    }
  }

  private static boolean isOlder(Path file, Instant before) throws IOException {
    try {
      return renewedAt(file).isBefore(before);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  @Override
  public Optional<URI> presign(String digest, String saveAs, Duration validity) {
    return Optional.empty();
  }

  private Path incoming() {
    return folder.resolve("incoming");
  }

  private Path file(String digest) {
    var hex = hex(digest);
    return folder.resolve("sha256").resolve(hex.substring(0, 2)).resolve(hex);
  }

  /// @throws ProblemException BAD_REQUEST when it is not a digest
  static String hex(String digest) {
    if (!Digests.isDigest(digest)) {
      throw new ProblemException(
          ProblemCode.BAD_REQUEST,
          "'"
              + digest
              + "' is not a digest; one is 'sha256:' and 64 lower-case hexadecimal digits.");
    }
    return digest.substring("sha256:".length());
  }
}
