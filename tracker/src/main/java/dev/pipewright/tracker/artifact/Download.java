package dev.pipewright.tracker.artifact;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.platform.Blobs;
import dev.pipewright.platform.Blobs.Content;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Answers a blob's content, streamed, whole or a part of it.
public final class Download {
  private static final int BUFFER = 256 * 1024;

  /// One range; more than one is answered whole, which RFC 9110 allows.
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d{0,18})-(\\d{0,18})");

  private Download() {}

  /// @param saveAs the name to save it under; null to show it
  /// @throws ProblemException BLOB_NOT_FOUND
  public static Response of(
      Blobs blobs,
      String digest,
      String mediaType,
      @Nullable String saveAs,
      @Nullable String range,
      @Nullable String known)
      throws IOException {
    var etag = '"' + digest + '"';
    if (known != null && known.contains(etag)) {
      return Response.notModified().header("ETag", etag).build();
    }
    var wanted = range == null ? null : RANGE.matcher(range);
    if (wanted == null || !wanted.matches() || range.equals("bytes=-")) {
      var content = blobs.open(digest).orElseThrow(() -> missing(digest));
      return answer(Response.Status.OK, content, content.size(), etag, mediaType, saveAs).build();
    }
    long size = blobs.size(digest).orElseThrow(() -> missing(digest));
    long from;
    long to = size - 1;
    if (wanted.group(1).isEmpty()) {
      from = Math.max(0, size - Long.parseLong(wanted.group(2)));
    } else {
      from = Long.parseLong(wanted.group(1));
      to = wanted.group(2).isEmpty() ? to : Math.min(to, Long.parseLong(wanted.group(2)));
    }
    if (from > to) {
      return Response.status(Response.Status.REQUESTED_RANGE_NOT_SATISFIABLE)
          .header("Content-Range", "bytes */" + size)
          .build();
    }
    long length = to - from + 1;
    var content = blobs.open(digest, from, length).orElseThrow(() -> missing(digest));
    return answer(Response.Status.PARTIAL_CONTENT, content, length, etag, mediaType, saveAs)
        .header("Content-Range", "bytes " + from + "-" + to + "/" + size)
        .build();
  }

  private static ProblemException missing(String digest) {
    return new ProblemException(
        ProblemCode.BLOB_NOT_FOUND, "The content " + digest + " is not stored.");
  }

  private static Response.ResponseBuilder answer(
      Response.Status status,
      Content content,
      long length,
      String etag,
      String mediaType,
      @Nullable String saveAs) {
    StreamingOutput body = out -> copy(content.stream(), out, length);
    var answer =
        Response.status(status)
            .entity(body)
            .type(mediaType)
            .header("Content-Length", length)
            .header("Accept-Ranges", "bytes")
            .header("ETag", etag)
            // Ranges and the ETag are of the content itself.
            .header("Content-Encoding", "identity")
            // What a task wrote is shown, but never runs with this server's rights.
            .header(
                "Content-Security-Policy",
                "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'");
    if (saveAs != null) {
      answer.header(
          "Content-Disposition",
          "attachment; filename*=UTF-8''"
              + URLEncoder.encode(saveAs, StandardCharsets.UTF_8).replace("+", "%20"));
    }
    return answer;
  }

  private static void copy(InputStream content, OutputStream out, long length) throws IOException {
    try (content) {
      var buffer = new byte[BUFFER];
      long left = length;
      while (left > 0) {
        int read = content.read(buffer, 0, (int) Math.min(buffer.length, left));
        if (read < 0) {
          throw new IOException("a blob is shorter than its size");
        }
        out.write(buffer, 0, read);
        left -= read;
      }
    }
  }
}
