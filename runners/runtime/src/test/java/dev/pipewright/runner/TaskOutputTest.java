package dev.pipewright.runner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pipewright.runner.TaskOutput.Streams;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TaskOutputTest {
  /// What two tasks print at the same time, and what a thread of theirs prints, is each one's own.
  @Test
  void eachTasksOutputIsItsOwn() throws Exception {
    var out = System.out;
    var err = System.err;
    try {
      TaskOutput.install();
      var first = new ByteArrayOutputStream();
      var second = new ByteArrayOutputStream();
      var both = new CountDownLatch(2);
      var one = task("one", first, both);
      var two = task("two", second, both);
      one.join(TimeUnit.SECONDS.toMillis(20));
      two.join(TimeUnit.SECONDS.toMillis(20));
      System.out.println("nobody's");
      assertThat(first.toString(StandardCharsets.UTF_8))
          .isEqualTo("one\nthread of one\nerror of one\n");
      assertThat(second.toString(StandardCharsets.UTF_8))
          .isEqualTo("two\nthread of two\nerror of two\n");
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  private static Thread task(String name, ByteArrayOutputStream output, CountDownLatch both) {
    return Thread.ofPlatform()
        .start(() -> {
          try {
            TaskOutput.during(
                new Streams(output, output),
                () -> {
                  both.countDown();
                  both.await();
                  System.out.println(name);
                  Thread.ofPlatform().start(() -> System.out.println("thread of " + name)).join();
                  System.err.println("error of " + name);
                });
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }
}
