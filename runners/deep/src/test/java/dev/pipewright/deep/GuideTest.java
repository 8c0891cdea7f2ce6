package dev.pipewright.deep;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the guide shows of Java compiles, and does what it says.
class GuideTest {
  private static final Pattern EXAMPLE =
      Pattern.compile("```java\\n(import .*?\\n)```", Pattern.DOTALL);

  @Test
  void aBlockOfOnesOwn(@TempDir Path folder) throws Exception {
    var guide =
        Files.readString(
            Path.of(System.getProperty("pipewright.root"), "docs/guides/deep-learning.md"));
    var found = EXAMPLE.matcher(guide);
    assertThat(found.find()).isTrue();
    var source = found.group(1);
    var file =
        new SimpleJavaFileObject(
            URI.create("string:///Ring.java"), javax.tools.JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    var options =
        List.of(
            "-proc:none",
            "-Xlint:all,-serial,-classfile,-path,-processing",
            "-Werror",
            "-d",
            folder.toString());
    assertThat(
            ToolProvider.getSystemJavaCompiler()
                .getTask(null, null, null, options, null, List.of(file))
                .call())
        .isTrue();
    var out = new ByteArrayOutputStream();
    var before = System.out;
    try (var loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
      loader
          .loadClass("Ring")
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[] {folder.toString()});
    } finally {
      System.setOut(before);
    }
    var scores = out.toString(StandardCharsets.UTF_8).strip().split(" then ", -1);
    assertThat(Double.parseDouble(scores[0])).isGreaterThan(0.95);
    assertThat(Double.parseDouble(scores[1])).isGreaterThan(0.95);
  }
}
