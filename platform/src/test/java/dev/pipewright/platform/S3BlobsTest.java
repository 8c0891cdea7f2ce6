package dev.pipewright.platform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.contract.Digests;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.locks.ReentrantLock;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.jclouds.ContextBuilder;
import org.jclouds.blobstore.BlobStore;
import org.jclouds.blobstore.BlobStoreContext;
import org.jclouds.blobstore.options.ListContainerOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Against a real server that speaks S3.
class S3BlobsTest extends BlobsContract {
  private static final String KEY = "local-identity";
  private static final String SECRET = "local-credential";

  @TempDir static Path folder;
  private static BlobStoreContext context;
  private static BlobStore objects;
  private static S3Proxy server;
  private static int buckets;

  private String bucket;
  private S3Blobs blobs;

  @BeforeAll
  static void serve() throws Exception {
    var properties = new Properties();
    properties.setProperty("jclouds.filesystem.basedir", folder.toString());
    context =
        ContextBuilder.newBuilder("filesystem-nio2")
            .credentials("x", "x")
            .overrides(properties)
            .build(BlobStoreContext.class);
    objects = context.getBlobStore();
    server =
        S3Proxy.builder()
            .blobStore(objects)
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, KEY, SECRET)
            .build();
    server.start();
    System.setProperty("aws.accessKeyId", KEY);
    System.setProperty("aws.secretAccessKey", SECRET);
  }

  @AfterAll
  static void stop() throws Exception {
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
    server.stop();
    context.close();
  }

  @Override
  Blobs open() {
    bucket = "pipewright-" + ++buckets;
    objects.createContainerInLocation(null, bucket);
    blobs = new S3Blobs(new Config(bucket, server.getPort()), new InProcess());
    return blobs;
  }

  @AfterEach
  void close() {
    blobs.close();
  }

  @Override
  int incoming() {
    return objects
            .list(bucket, ListContainerOptions.Builder.prefix("data/incoming/").recursive())
            .size()
        + objects.listMultipartUploads(bucket).size();
  }

  @Override
  int rounds() {
    return 20;
  }

  @Test
  void signsAddressesThatAnybodyMayRead() throws IOException, InterruptedException {
    var digest = blobs.put(new ByteArrayInputStream(new byte[] {1, 2, 3})).digest();
    var address = blobs.presign(digest, "a b.bin", Duration.ofMinutes(1)).orElseThrow();
    try (var http = HttpClient.newHttpClient()) {
      var answer = http.send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofByteArray());
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.body()).containsExactly(1, 2, 3);
      assertThat(answer.headers().firstValue("Content-Disposition"))
          .hasValue("attachment; filename*=UTF-8''a%20b.bin");
      var unsigned = URI.create(address.toString().replaceFirst("\\?.*", ""));
      assertThat(
              http.send(HttpRequest.newBuilder(unsigned).build(), BodyHandlers.discarding())
                  .statusCode())
          .isEqualTo(403);
    }
  }

  @Test
  void deletesUploadsOfAServerThatWasKilled() throws IOException {
    objects.putBlob(bucket, objects.blobBuilder("data/incoming/1").payload("half of").build());
    var digest = blobs.put(new ByteArrayInputStream(new byte[3])).digest();
    assertThat(blobs.deleteAbandoned(Instant.now().minus(Duration.ofHours(1)))).isZero();
    assertThat(blobs.deleteAbandoned(Instant.now().plus(Duration.ofHours(1)))).isEqualTo(1);
    assertThat(blobs.exists(digest)).isTrue();
    assertThat(blobs.exists(Digests.of("half of"))).isFalse();
  }

  private record Config(String name, int port) implements PlatformConfig.Blobs {
    @Override
    public PlatformConfig.Store store() {
      return PlatformConfig.Store.S3;
    }

    @Override
    public Optional<String> bucket() {
      return Optional.of(name);
    }

    @Override
    public Optional<String> prefix() {
      return Optional.of("data");
    }

    @Override
    public Optional<URI> endpoint() {
      return Optional.of(URI.create("http://127.0.0.1:" + port));
    }

    @Override
    public String region() {
      return "us-east-1";
    }

    @Override
    public boolean pathStyle() {
      return true;
    }

    @Override
    public Duration grace() {
      return Duration.ofHours(24);
    }
  }

  private static final class InProcess implements BlobLocks {
    private final ReentrantLock lock = new ReentrantLock();

    @Override
    public <R> R hold(String digest, Work<R> work) throws IOException {
      lock.lock();
      try {
        return work.run();
      } finally {
        lock.unlock();
      }
    }
  }
}
