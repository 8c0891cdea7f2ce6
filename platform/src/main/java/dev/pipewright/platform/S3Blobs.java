package dev.pipewright.platform;

import dev.pipewright.contract.Digests;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/// Blobs as objects of a bucket: `sha256/…` the contents, `incoming/…` uploads that go on, and
/// `renewed/…` an empty object for each content that was renewed, whose time is the renewal's.
///
/// Content whose digest is not known yet goes to `incoming` in parts while it is hashed, and is
/// copied within the bucket. What decides about one content holds its lock.
final class S3Blobs implements Blobs, AutoCloseable {
  /// At most 10,000 parts make 160 GB.
  private static final int PART = 16 * 1024 * 1024;

  /// What one request may copy.
  private static final long COPY_PART = 1024L * 1024 * 1024;

  private final S3Client s3;
  private final S3Presigner presigner;
  private final BlobLocks locks;
  private final String bucket;
  private final String prefix;

  S3Blobs(PlatformConfig.Blobs config, BlobLocks locks) {
    this.locks = locks;
    bucket = config.bucket().orElseThrow();
    prefix = config.prefix().map(text -> text.endsWith("/") ? text : text + "/").orElse("");
    var region = Region.of(config.region());
    var builder =
        S3Client.builder()
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .region(region)
            // Servers that only speak S3 do not know the newer checksums.
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .forcePathStyle(config.pathStyle());
    var presigning =
        S3Presigner.builder()
            .region(region)
            .serviceConfiguration(
                S3Configuration.builder().pathStyleAccessEnabled(config.pathStyle()).build());
    config
        .endpoint()
        .ifPresent(endpoint -> {
          builder.endpointOverride(endpoint);
          presigning.endpointOverride(endpoint);
        });
    s3 = builder.build();
    presigner = presigning.build();
  }

  @Override
  public void close() {
    s3.close();
    presigner.close();
  }

  @FunctionalInterface
  private interface Request<R> {
    R send();
  }

  private <R> R send(Request<R> request) {
    try {
      return request.send();
    } catch (SdkException e) {
      throw unavailable(e);
    }
  }

  private ProblemException unavailable(SdkException e) {
    var problem =
        new ProblemException(
            ProblemCode.UNAVAILABLE,
            "The bucket '" + bucket + "' cannot be used: " + e.getMessage(),
            "Check the settings PIPEWRIGHT_BLOBS_…, the keys, and whether the store is up.");
    problem.initCause(e);
    return problem;
  }

  @Override
  public Stored put(InputStream content) throws IOException {
    return store(null, content);
  }

  @Override
  public Stored put(String digest, InputStream content) throws IOException {
    if (renew(digest)) {
      return new Stored(digest, size(digest).orElseThrow(), false);
    }
    return store(digest, content);
  }

  private Stored store(@Nullable String expected, InputStream content) throws IOException {
    var hashed = new DigestInputStream(content, Digests.sha256());
    var first = hashed.readNBytes(PART);
    if (first.length == PART) {
      return storeLarge(expected, hashed, first);
    }
    var digest = verified(expected, hashed);
    return locks.hold(
        digest,
        () -> {
          boolean created = !renewLocked(digest);
          if (created) {
            send(() -> s3.putObject(to -> to.bucket(bucket).key(key(digest)), body(first)));
          }
          return new Stored(digest, first.length, created);
        });
  }

  private static String verified(@Nullable String expected, DigestInputStream hashed) {
    var digest = Digests.finish(hashed.getMessageDigest());
    if (expected != null && !digest.equals(expected)) {
      throw LocalBlobs.mismatch(expected, digest);
    }
    return digest;
  }

  private Stored storeLarge(@Nullable String expected, DigestInputStream hashed, byte[] first)
      throws IOException {
    var incoming = prefix + "incoming/" + UUID.randomUUID();
    try {
      long size = upload(incoming, hashed, first);
      var digest = verified(expected, hashed);
      return locks.hold(
          digest,
          () -> {
            boolean created = !renewLocked(digest);
            if (created) {
              copy(incoming, key(digest), size);
            }
            return new Stored(digest, size, created);
          });
    } finally {
      send(() -> s3.deleteObject(of -> of.bucket(bucket).key(incoming)));
    }
  }

  private long upload(String key, InputStream content, byte[] first) throws IOException {
    var id = begin(key);
    try {
      var parts = new ArrayList<CompletedPart>();
      long size = 0;
      var bytes = first;
      while (bytes.length > 0) {
        var part = bytes;
        int number = parts.size() + 1;
        var etag =
            send(() ->
                    s3.uploadPart(
                        to -> to.bucket(bucket).key(key).uploadId(id).partNumber(number),
                        body(part)))
                .eTag();
        parts.add(CompletedPart.builder().partNumber(number).eTag(etag).build());
        size += part.length;
        bytes = content.readNBytes(PART);
      }
      complete(key, id, parts);
      return size;
    } catch (IOException | RuntimeException e) {
      abort(key, id, e);
      throw e;
    }
  }

  /// Without a copy of the bytes.
  private static RequestBody body(byte[] bytes) {
    return RequestBody.fromRemainingByteBuffer(ByteBuffer.wrap(bytes));
  }

  private String begin(String key) throws IOException {
    return send(() -> s3.createMultipartUpload(of -> of.bucket(bucket).key(key))).uploadId();
  }

  private void complete(String key, String id, List<CompletedPart> parts) throws IOException {
    send(() ->
        s3.completeMultipartUpload(of ->
            of.bucket(bucket).key(key).uploadId(id).multipartUpload(all -> all.parts(parts))));
  }

  private void abort(String key, String id, Exception why) {
    try {
      send(() -> s3.abortMultipartUpload(of -> of.bucket(bucket).key(key).uploadId(id)));
    } catch (RuntimeException e) {
      why.addSuppressed(e);
    }
  }

  private void copy(String from, String to, long size) throws IOException {
    if (size <= COPY_PART) {
      send(() ->
          s3.copyObject(of ->
              of.sourceBucket(bucket)
                  .sourceKey(from)
                  .destinationBucket(bucket)
                  .destinationKey(to)));
      return;
    }
    var id = begin(to);
    try {
      var parts = new ArrayList<CompletedPart>();
      for (long start = 0; start < size; start += COPY_PART) {
        var range = "bytes=" + start + "-" + (Math.min(start + COPY_PART, size) - 1);
        int number = parts.size() + 1;
        var etag =
            send(() ->
                    s3.uploadPartCopy(of ->
                        of.sourceBucket(bucket)
                            .sourceKey(from)
                            .copySourceRange(range)
                            .destinationBucket(bucket)
                            .destinationKey(to)
                            .uploadId(id)
                            .partNumber(number)))
                .copyPartResult()
                .eTag();
        parts.add(CompletedPart.builder().partNumber(number).eTag(etag).build());
      }
      complete(to, id, parts);
    } catch (IOException | RuntimeException e) {
      abort(to, id, e);
      throw e;
    }
  }

  @Override
  public OptionalLong size(String digest) throws IOException {
    return head(key(digest))
        .map(found -> OptionalLong.of(found.contentLength()))
        .orElseGet(OptionalLong::empty);
  }

  private Optional<HeadObjectResponse> head(String key) throws IOException {
    try {
      return Optional.of(s3.headObject(of -> of.bucket(bucket).key(key)));
    } catch (NoSuchKeyException e) {
      return Optional.empty();
    } catch (SdkException e) {
      throw unavailable(e);
    }
  }

  @Override
  public boolean renew(String digest) throws IOException {
    key(digest);
    return locks.hold(digest, () -> renewLocked(digest));
  }

  private boolean renewLocked(String digest) throws IOException {
    if (head(key(digest)).isEmpty()) {
      return false;
    }
    send(() -> s3.putObject(to -> to.bucket(bucket).key(renewedKey(digest)), RequestBody.empty()));
    return true;
  }

  @Override
  public Optional<Content> open(String digest, long from, long length) throws IOException {
    boolean whole = from == 0 && length == Long.MAX_VALUE;
    var range = "bytes=" + from + "-" + (length > Long.MAX_VALUE - from ? "" : from + length - 1);
    try {
      var stream =
          s3.getObject(of -> {
            of.bucket(bucket).key(key(digest));
            if (!whole) {
              of.range(range);
            }
          });
      var total = stream.response().contentRange();
      return Optional.of(
          new Content(
              total == null
                  ? stream.response().contentLength()
                  : Long.parseLong(total.substring(total.indexOf('/') + 1)),
              stream));
    } catch (NoSuchKeyException e) {
      return Optional.empty();
    } catch (SdkException e) {
      throw unavailable(e);
    }
  }

  @Override
  public boolean deleteUnlessRenewed(String digest, Instant since) throws IOException {
    return locks.hold(
        digest,
        () -> {
          var stored = head(key(digest));
          if (stored.isEmpty() || !isBefore(stored.get().lastModified(), since)) {
            return false;
          }
          var renewed = head(renewedKey(digest));
          if (renewed.isPresent() && !isBefore(renewed.get().lastModified(), since)) {
            return false;
          }
          send(() -> s3.deleteObject(of -> of.bucket(bucket).key(key(digest))));
          send(() -> s3.deleteObject(of -> of.bucket(bucket).key(renewedKey(digest))));
          return true;
        });
  }

  /// The store's times are whole seconds.
  private static boolean isBefore(Instant time, Instant since) {
    return time.plusSeconds(1).isBefore(since);
  }

  @Override
  public void forEach(Consumer<Entry> action) throws IOException {
    send(() -> {
      s3.listObjectsV2Paginator(of -> of.bucket(bucket).prefix(prefix + "sha256/"))
          .contents()
          .forEach(object -> {
            var digest = "sha256:" + object.key().substring(object.key().lastIndexOf('/') + 1);
            if (Digests.isDigest(digest)) {
              action.accept(new Entry(digest, object.size(), object.lastModified()));
            }
          });
      return true;
    });
  }

  @Override
  public int deleteAbandoned(Instant before) throws IOException {
    return send(() -> {
      int deleted = 0;
      for (var upload :
          s3.listMultipartUploadsPaginator(of -> of.bucket(bucket).prefix(prefix)).uploads()) {
        if (isOurs(upload.key()) && isBefore(upload.initiated(), before)) {
          s3.abortMultipartUpload(
              of -> of.bucket(bucket).key(upload.key()).uploadId(upload.uploadId()));
          deleted++;
        }
      }
      for (var object :
          s3.listObjectsV2Paginator(of -> of.bucket(bucket).prefix(prefix + "incoming/"))
              .contents()) {
        if (isBefore(object.lastModified(), before)) {
          s3.deleteObject(of -> of.bucket(bucket).key(object.key()));
          deleted++;
        }
      }
      return deleted;
    });
  }

  private boolean isOurs(String key) {
    return key.startsWith(prefix + "incoming/") || key.startsWith(prefix + "sha256/");
  }

  @Override
  public Optional<URI> presign(String digest, String saveAs, Duration validity) {
    var attachment =
        "attachment; filename*=UTF-8''"
            + URLEncoder.encode(saveAs, StandardCharsets.UTF_8).replace("+", "%20");
    return Optional.of(
        URI.create(
            presigner
                .presignGetObject(of ->
                    of.signatureDuration(validity)
                        .getObjectRequest(get ->
                            get.bucket(bucket)
                                .key(key(digest))
                                .responseContentDisposition(attachment)))
                .url()
                .toString()));
  }

  private String key(String digest) {
    return prefix + "sha256/" + LocalBlobs.hex(digest);
  }

  private String renewedKey(String digest) {
    return prefix + "renewed/" + LocalBlobs.hex(digest);
  }
}
