package dev.pipewright.cli;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.api.Page;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What commands do that ask the server that runs.
final class OnServer {
  private OnServer() {}

  /// All items of a list that comes in pages.
  ///
  /// @param page gives the page after a page's `next`
  static <T> List<T> all(Function<@Nullable String, Page<T>> page) {
    var items = new ArrayList<T>();
    @Nullable String after = null;
    do {
      var next = page.apply(after);
      items.addAll(next.items());
      after = next.next();
    } while (after != null);
    return items;
  }

  /// @return the exit code of what went well; a problem is printed by [Main]
  static int run(BiConsumer<Pipewright, Terminal> work) {
    var terminal = Terminal.standard(System.getenv());
    var url = LocalServer.ofEnvironment(terminal).requireRunning().url();
    try (var pipewright = Pipewright.connect(URI.create(url))) {
      work.accept(pipewright, terminal);
      return Exit.OK;
    }
  }
}
