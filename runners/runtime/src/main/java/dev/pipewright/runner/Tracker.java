package dev.pipewright.runner;

import dev.pipewright.contract.Digests;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.task.DataRef;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;

/// Files from and to the tracker. Waits while it is away.
final class Tracker {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final String url;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  Tracker(String url) {
    this.url = url;
  }

  /// Stores a file under its digest, however long the tracker is away. A file that is no longer
  /// what it was cannot be stored; what is told of it stays true, and its content is missing.
  void upload(String digest, Path file) throws IOException, InterruptedException {
    var request =
        HttpRequest.newBuilder(blob(digest))
            .header("Content-Type", "application/octet-stream")
            .timeout(Duration.ofMinutes(10))
            .PUT(HttpRequest.BodyPublishers.ofFile(file))
            .build();
    var answer =
        patiently(
            request,
            HttpResponse.BodyHandlers.ofString(),
            () -> Files.exists(file) && Digests.of(file).equals(digest));
    if (answer.statusCode() >= 400) {
      throw new IOException(
          "the tracker refused " + file + " (" + answer.statusCode() + "): " + answer.body());
    }
  }

  /// Gets a file, checked.
  ///
  /// @throws ProblemException INPUT_MISSING when the tracker does not have it
  void download(DataRef.FileRef file, Path target) throws IOException, InterruptedException {
    Files.createDirectories(target.getParent());
    var incoming = target.resolveSibling(target.getFileName() + ".incoming");
    var request =
        HttpRequest.newBuilder(blob(file.digest())).timeout(Duration.ofMinutes(10)).build();
    var answer = patiently(request, HttpResponse.BodyHandlers.ofFile(incoming), () -> true);
    if (answer.statusCode() != 200) {
      Files.deleteIfExists(incoming);
      throw new ProblemException(
          ProblemCode.INPUT_MISSING,
          "The tracker has no content for '"
              + file.path()
              + "' ("
              + file.digest()
              + "): it answered "
              + answer.statusCode()
              + ".");
    }
    var actual = Digests.of(incoming);
    if (!actual.equals(file.digest())) {
      Files.deleteIfExists(incoming);
      throw new IOException(file.path() + " arrived as " + actual + ", not " + file.digest());
    }
    Files.move(incoming, target, StandardCopyOption.REPLACE_EXISTING);
  }

  /// Whether trying again can help.
  private interface Hope {
    boolean isLeft() throws IOException;
  }

  private <T> HttpResponse<T> patiently(
      HttpRequest request, HttpResponse.BodyHandler<T> handler, Hope hope)
      throws IOException, InterruptedException {
    var pause = FIRST_PAUSE;
    while (true) {
      String trouble;
      try {
        var answer = http.send(request, handler);
        if (answer.statusCode() < 500) {
          return answer;
        }
        trouble = "it answered " + answer.statusCode();
      } catch (IOException e) {
        if (!hope.isLeft()) {
          throw e;
        }
        trouble = e.toString();
      }
      System.err.println("waiting for the tracker at " + url + ": " + trouble);
      Thread.sleep(pause);
      pause = pause.multipliedBy(2);
      pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
    }
  }

  private URI blob(String digest) {
    return URI.create(url + "/api/v1/blobs/" + digest);
  }
}
