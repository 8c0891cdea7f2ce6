import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/// Sends one kind of call over connections that stay open, as fast as they are answered, and prints
/// one line: calls, seconds, and the median and 95th percentile in milliseconds. Bare sockets, so that
/// the processors are the server's.
///
/// Usage: HttpLoad PORT KIND CONNECTIONS SECONDS RUN_ID…
///    or: HttpLoad PORT "METHOD PATH" CONNECTIONS SECONDS BODY…
public final class HttpLoad {
  private static final AtomicLong NUMBER = new AtomicLong(System.nanoTime() >>> 20);

  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[0]);
    var kind = args[1];
    int connections = Integer.parseInt(args[2]);
    double seconds = Double.parseDouble(args[3]);
    var runs = Arrays.copyOfRange(args, 4, args.length);
    var stop = new AtomicBoolean();
    var times = new ArrayList<long[]>();
    var threads = new ArrayList<Thread>();
    var failures = new ArrayList<Throwable>();
    long begin = System.nanoTime();
    for (int i = 0; i < connections; i++) {
      var run = runs[i % runs.length];
      threads.add(
          Thread.ofPlatform().start(() -> {
            try {
              var mine = send(port, kind, run, stop);
              synchronized (times) {
                times.add(mine);
              }
            } catch (Throwable e) {
              synchronized (failures) {
                failures.add(e);
              }
            }
          }));
    }
    Thread.sleep((long) (seconds * 1000));
    stop.set(true);
    for (var thread : threads) {
      thread.join();
    }
    double took = (System.nanoTime() - begin) / 1e9;
    if (!failures.isEmpty()) {
      failures.getFirst().printStackTrace();
      System.exit(1);
    }
    var all = times.stream().flatMapToLong(Arrays::stream).sorted().toArray();
    System.out.printf(
        "%d %.3f %.3f %.3f%n",
        all.length, took, all[all.length / 2] / 1e6, all[(int) (all.length * 0.95)] / 1e6);
  }

  private static long[] send(int port, String kind, String run, AtomicBoolean stop)
      throws IOException {
    var times = new long[1024];
    int count = 0;
    try (var socket = new Socket("127.0.0.1", port)) {
      socket.setTcpNoDelay(true);
      var in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
      var out = socket.getOutputStream();
      while (!stop.get()) {
        var request = request(kind, run);
        long at = System.nanoTime();
        out.write(request);
        answer(in);
        if (count == times.length) {
          times = Arrays.copyOf(times, count * 2);
        }
        times[count++] = System.nanoTime() - at;
      }
    }
    return Arrays.copyOf(times, count);
  }

  private static byte[] request(String kind, String run) {
    if (kind.contains(" ")) {
      return http(kind, run);
    }
    long n = NUMBER.getAndIncrement();
    long now = System.currentTimeMillis();
    return switch (kind) {
      case "create-run" ->
          post("runs/create", "{\"experiment_id\":\"0\",\"user_id\":\"bench\",\"start_time\":" + now
              + ",\"run_name\":\"run-" + n + "\",\"tags\":[{\"key\":\"mlflow.user\",\"value\":\"bench\"},{\"key\":\"mlflow.source.name\",\"value\":\"train.py\"}]}");
      case "log-metric" ->
          post("runs/log-metric", "{\"run_id\":\"" + run + "\",\"key\":\"loss\",\"value\":" + value(n)
              + ",\"timestamp\":" + now + ",\"step\":" + n + "}");
      case "steps" -> batch(run, i -> metric("loss", n, now + i, n * 1000 + i));
      case "keys" -> batch(run, i -> metric("layer/" + i, n, now, n));
      default -> throw new IllegalArgumentException(kind);
    };
  }

  private interface Each {
    String metric(int i);
  }

  private static byte[] batch(String run, Each each) {
    var body = new StringBuilder(120_000).append("{\"run_id\":\"").append(run).append("\",\"metrics\":[");
    IntStream.range(0, 1000).forEach(i -> body.append(i == 0 ? "" : ",").append(each.metric(i)));
    return post("runs/log-batch", body.append("]}").toString());
  }

  private static String metric(String key, long n, long timestamp, long step) {
    return "{\"key\":\"" + key + "\",\"value\":" + value(n * 31 + step + key.hashCode()) + ",\"timestamp\":" + timestamp + ",\"step\":" + step + "}";
  }

  /// Looks random, costs nothing.
  private static double value(long n) {
    long x = n * 0x9E3779B97F4A7C15L;
    return (x >>> 11) * 0x1p-53;
  }

  private static byte[] post(String call, String body) {
    return http("POST /api/2.0/mlflow/" + call, body);
  }

  private static byte[] http(String methodAndPath, String body) {
    var bytes = body.getBytes(StandardCharsets.UTF_8);
    var head =
        (methodAndPath + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: "
                + bytes.length + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    var both = Arrays.copyOf(head, head.length + bytes.length);
    System.arraycopy(bytes, 0, both, head.length, bytes.length);
    return both;
  }

  /// Reads one answer; anything but 200 ends the run.
  private static void answer(InputStream in) throws IOException {
    var status = line(in);
    int length = -1;
    boolean chunked = false;
    for (var header = line(in); !header.isEmpty(); header = line(in)) {
      var lower = header.toLowerCase(java.util.Locale.ROOT);
      if (lower.startsWith("content-length:")) {
        length = Integer.parseInt(lower.substring(15).strip());
      }
      chunked |= lower.startsWith("transfer-encoding:") && lower.contains("chunked");
    }
    byte[] body = new byte[0];
    if (chunked) {
      for (int size = Integer.parseInt(line(in), 16); ; size = Integer.parseInt(line(in), 16)) {
        in.readNBytes(size);
        line(in);
        if (size == 0) {
          break;
        }
      }
    } else if (length > 0) {
      body = in.readNBytes(length);
    }
    if (!status.contains(" 200 ")) {
      throw new IOException(status + " " + new String(body, StandardCharsets.UTF_8));
    }
  }

  private static String line(InputStream in) throws IOException {
    var line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("the server closed the connection");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }
}
