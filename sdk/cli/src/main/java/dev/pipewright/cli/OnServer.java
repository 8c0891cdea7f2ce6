package dev.pipewright.cli;

import dev.pipewright.client.Pipewright;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.contract.api.Page;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What commands do that ask a server: the one that `PIPEWRIGHT_URL` names, otherwise the one that
/// runs on the home folder.
final class OnServer {
  static final String ADDRESS = "PIPEWRIGHT_URL";

  private OnServer() {}

  /// @throws ProblemException SERVER_UNREACHABLE when none runs, SETTING_INVALID for an address
  ///   that is none
  static String url(Terminal terminal) {
    var address = System.getenv(ADDRESS);
    return address == null || address.isBlank()
        ? LocalServer.ofEnvironment(terminal).requireRunning().url()
        : checked(address.strip());
  }

  static String checked(String address) {
    try {
      var uri = new URI(address);
      if (Set.of("http", "https").contains(String.valueOf(uri.getScheme()))
          && uri.getHost() != null) {
        return address.endsWith("/") ? address.substring(0, address.length() - 1) : address;
      }
    } catch (URISyntaxException e) {
      throw invalid(address, e);
    }
    throw invalid(address, null);
  }

  private static ProblemException invalid(String address, @Nullable Exception cause) {
    var problem =
        new ProblemException(
            ProblemCode.SETTING_INVALID,
            "%s is '%s', which is no address of a server.".formatted(ADDRESS, address),
            "Set it to one such as http://127.0.0.1:8080, or unset it for the server on this"
                + " machine.");
    if (cause != null) {
      problem.initCause(cause);
    }
    return problem;
  }

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
    var url = url(terminal);
    try (var pipewright = Pipewright.connect(URI.create(url))) {
      work.accept(pipewright, terminal);
      return Exit.OK;
    }
  }
}
