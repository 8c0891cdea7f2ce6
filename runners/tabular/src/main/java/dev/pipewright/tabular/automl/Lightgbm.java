package dev.pipewright.tabular.automl;

import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// LightGBM's C interface, called directly. (The Java binding in the jar that brings the library
/// writes past its buffer when it predicts three classes or more.)
@SuppressWarnings("restricted") // calling C is what it is for
final class Lightgbm {
  static final String VERSION = "4.3.0";

  private static final int FLOAT32 = 0;
  private static final int RAW = 1;
  private static final int CONTRIBUTIONS = 3;
  private static final int TREES_AT_ONCE = 64;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final java.lang.foreign.AddressLayout PTR = ValueLayout.ADDRESS;

  private static volatile @Nullable Lightgbm loaded;

  private final MethodHandle lastError;
  private final MethodHandle datasetCreate;
  private final MethodHandle datasetSetField;
  private final MethodHandle datasetFree;
  private final MethodHandle boosterCreate;
  private final MethodHandle boosterFree;
  private final MethodHandle boosterAddValid;
  private final MethodHandle boosterUpdate;
  private final MethodHandle boosterGetPredict;
  private final MethodHandle boosterPredict;
  private final MethodHandle boosterSave;
  private final MethodHandle boosterLoad;

  private Lightgbm(SymbolLookup library) {
    var linker = Linker.nativeLinker();
    this.lastError = bind(linker, library, "LGBM_GetLastError", FunctionDescriptor.of(PTR));
    this.datasetCreate =
        call(linker, library, "LGBM_DatasetCreateFromMat", PTR, INT, INT, INT, INT, PTR, PTR, PTR);
    this.datasetSetField = call(linker, library, "LGBM_DatasetSetField", PTR, PTR, PTR, INT, INT);
    this.datasetFree = call(linker, library, "LGBM_DatasetFree", PTR);
    this.boosterCreate = call(linker, library, "LGBM_BoosterCreate", PTR, PTR, PTR);
    this.boosterFree = call(linker, library, "LGBM_BoosterFree", PTR);
    this.boosterAddValid = call(linker, library, "LGBM_BoosterAddValidData", PTR, PTR);
    this.boosterUpdate = call(linker, library, "LGBM_BoosterUpdateOneIter", PTR, PTR);
    this.boosterGetPredict = call(linker, library, "LGBM_BoosterGetPredict", PTR, INT, PTR, PTR);
    this.boosterPredict =
        call(
            linker,
            library,
            "LGBM_BoosterPredictForMat",
            PTR,
            PTR,
            INT,
            INT,
            INT,
            INT,
            INT,
            INT,
            INT,
            PTR,
            PTR,
            PTR);
    this.boosterSave =
        call(linker, library, "LGBM_BoosterSaveModelToString", PTR, INT, INT, INT, LONG, PTR, PTR);
    this.boosterLoad = call(linker, library, "LGBM_BoosterLoadModelFromString", PTR, PTR, PTR);
  }

  private static MethodHandle call(
      Linker linker,
      SymbolLookup library,
      String name,
      java.lang.foreign.MemoryLayout... parameters) {
    return bind(linker, library, name, FunctionDescriptor.of(INT, parameters));
  }

  private static MethodHandle bind(
      Linker linker, SymbolLookup library, String name, FunctionDescriptor type) {
    return linker.downcallHandle(library.findOrThrow(name), type);
  }

  /// The library, unpacked and loaded at the first call.
  ///
  /// @throws ProblemException LIBRARY_MISSING
  static Lightgbm get() {
    var lightgbm = loaded;
    if (lightgbm == null) {
      synchronized (Lightgbm.class) {
        lightgbm = loaded;
        if (lightgbm == null) {
          lightgbm = new Lightgbm(load());
          loaded = lightgbm;
        }
      }
    }
    return lightgbm;
  }

  private static SymbolLookup load() {
    var os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    var arch = System.getProperty("os.arch", "");
    var machine = arch.equals("aarch64") || arch.equals("arm64") ? "aarch64" : "x86_64";
    var file =
        os.contains("mac")
            ? "osx/" + machine + "/lib_lightgbm.dylib"
            : os.contains("win")
                ? "windows/x86_64/lib_lightgbm.dll"
                : "linux/" + machine + "/lib_lightgbm.so";
    try (InputStream in =
        Lightgbm.class.getClassLoader().getResourceAsStream("lightgbm4j/" + file)) {
      if (in == null) {
        throw missing("there is none for " + os + " on " + arch, null);
      }
      var folder = Files.createTempDirectory("lightgbm");
      var library = folder.resolve(Path.of(file).getFileName().toString());
      Files.copy(in, library);
      try {
        return SymbolLookup.libraryLookup(library, Arena.global());
      } catch (IllegalArgumentException e) {
        throw missing(String.valueOf(e.getMessage()), e);
      } finally {
        // What is mapped stays; on systems that lock it, it goes with the temporary folder.
        library.toFile().delete();
        folder.toFile().delete();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("LightGBM's library cannot be unpacked", e);
    }
  }

  private static ProblemException missing(String why, @Nullable Throwable cause) {
    var problem =
        new ProblemException(
            ProblemCode.LIBRARY_MISSING,
            "LightGBM's native library cannot be loaded: " + why,
            "On Linux it needs glibc 2.29 and libgomp1 (apt-get install libgomp1), on macOS libomp"
                + " (brew install libomp).");
    if (cause != null) {
      problem.initCause(cause);
    }
    return problem;
  }

  /// Rows binned for training.
  final class Dataset implements AutoCloseable {
    private final MemorySegment handle;

    /// @param params space-separated `key=value`
    /// @param reference whose bins to use; null to make own
    Dataset(Matrix matrix, float[] labels, String params, @Nullable Dataset reference) {
      try (var arena = Arena.ofConfined()) {
        var cells = arena.allocate((long) matrix.rows() * matrix.width() * Float.BYTES, 64);
        MemorySegment.copy(
            matrix.cells(), 0, cells, ValueLayout.JAVA_FLOAT, 0, matrix.rows() * matrix.width());
        MemorySegment bins = reference == null ? MemorySegment.NULL : reference.handle;
        var out = arena.allocate(PTR);
        check(
            (int)
                datasetCreate.invokeExact(
                    cells,
                    FLOAT32,
                    matrix.rows(),
                    matrix.width(),
                    1,
                    arena.allocateFrom(params),
                    bins,
                    out));
        handle = out.get(PTR, 0);
        var label = arena.allocateFrom(ValueLayout.JAVA_FLOAT, labels);
        check(
            (int)
                datasetSetField.invokeExact(
                    handle, arena.allocateFrom("label"), label, labels.length, FLOAT32));
      } catch (Throwable e) {
        throw rethrown(e);
      }
    }

    @Override
    public void close() {
      try {
        check((int) datasetFree.invokeExact(handle));
      } catch (Throwable e) {
        throw rethrown(e);
      }
    }
  }

  /// A model, in training or read.
  final class Booster implements AutoCloseable {
    private final MemorySegment handle;
    private final int rounds;

    Booster(Dataset train, String params) {
      try (var arena = Arena.ofConfined()) {
        var out = arena.allocate(PTR);
        check((int) boosterCreate.invokeExact(train.handle, arena.allocateFrom(params), out));
        handle = out.get(PTR, 0);
        rounds = 0;
      } catch (Throwable e) {
        throw rethrown(e);
      }
    }

    /// @param model its text
    Booster(String model) {
      try (var arena = Arena.ofConfined()) {
        var out = arena.allocate(PTR);
        var iterations = arena.allocate(INT);
        check((int) boosterLoad.invokeExact(arena.allocateFrom(model), iterations, out));
        handle = out.get(PTR, 0);
        rounds = iterations.get(INT, 0);
      } catch (Throwable e) {
        throw rethrown(e);
      }
    }

    void watch(Dataset valid) {
      try {
        check((int) boosterAddValid.invokeExact(handle, valid.handle));
      } catch (Throwable e) {
        throw rethrown(e);
      }
    }

    /// One more round; false when no tree could be grown any more.
    boolean update() {
      try (var arena = Arena.ofConfined()) {
        var finished = arena.allocate(INT);
        check((int) boosterUpdate.invokeExact(handle, finished));
        return finished.get(INT, 0) == 0;
      } catch (Throwable e) {
        throw rethrown(e);
      }
    }

    /// What is predicted now for the watched rows: class after class, row within.
    void watched(double[] into) {
      try (var arena = Arena.ofConfined()) {
        var length = arena.allocate(LONG);
        var out = arena.allocate((long) into.length * Double.BYTES, 64);
        check((int) boosterGetPredict.invokeExact(handle, 1, length, out));
        if (length.get(LONG, 0) != into.length) {
          throw new IllegalStateException(
              "LightGBM predicts %d values, %d are expected"
                  .formatted(length.get(LONG, 0), into.length));
        }
        MemorySegment.copy(out, ValueLayout.JAVA_DOUBLE, 0, into, 0, into.length);
      } catch (Throwable e) {
        throw rethrown(e);
      }
    }

    /// What it says before the link function, row after row with all classes of a row together.
    ///
    /// @param outputs the number of classes, or 1
    double[] margins(Matrix matrix, int outputs) {
      // The library asks all trees for one row, then for the next; a few of them stay in the cache.
      int each = Math.max(1, TREES_AT_ONCE / outputs);
      var sum = new double[matrix.rows() * outputs];
      for (int first = 0; first == 0 || first < rounds; first += each) {
        var part = predict(matrix, RAW, outputs, first, each);
        for (int i = 0; i < sum.length; i++) {
          sum[i] += part[i];
        }
      }
      return sum;
    }

    /// TreeSHAP values: for each row and output, one of each column and the expected value.
    double[] contributions(Matrix matrix, int outputs) {
      return predict(matrix, CONTRIBUTIONS, outputs * (matrix.width() + 1), 0, -1);
    }

    /// One at a time: the library keeps in the booster which rounds are asked for.
    ///
    /// @param most rounds from the first one on; -1 for all
    private synchronized double[] predict(
        Matrix matrix, int type, int perRow, int first, int most) {
      try (var arena = Arena.ofConfined()) {
        int cells = matrix.rows() * matrix.width();
        var in = arena.allocate((long) cells * Float.BYTES, 64);
        MemorySegment.copy(matrix.cells(), 0, in, ValueLayout.JAVA_FLOAT, 0, cells);
        int size = matrix.rows() * perRow;
        var out = arena.allocate((long) size * Double.BYTES, 64);
        var length = arena.allocate(LONG);
        check(
            (int)
                boosterPredict.invokeExact(
                    handle,
                    in,
                    FLOAT32,
                    matrix.rows(),
                    matrix.width(),
                    1,
                    type,
                    first,
                    most,
                    arena.allocateFrom("num_threads=1"),
                    length,
                    out));
        if (length.get(LONG, 0) != size) {
          throw new IllegalStateException(
              "LightGBM predicts %d values, %d are expected".formatted(length.get(LONG, 0), size));
        }
        return out.toArray(ValueLayout.JAVA_DOUBLE);
      } catch (Throwable e) {
        throw rethrown(e);
      }
    }

    /// The model's first rounds as LightGBM's text.
    String text(int rounds) {
      try (var arena = Arena.ofConfined()) {
        var length = arena.allocate(LONG);
        check((int) boosterSave.invokeExact(handle, 0, rounds, 1, 0L, length, MemorySegment.NULL));
        long size = length.get(LONG, 0);
        var out = arena.allocate(size);
        check((int) boosterSave.invokeExact(handle, 0, rounds, 1, size, length, out));
        return out.getString(0);
      } catch (Throwable e) {
        throw rethrown(e);
      }
    }

    @Override
    public void close() {
      try {
        check((int) boosterFree.invokeExact(handle));
      } catch (Throwable e) {
        throw rethrown(e);
      }
    }
  }

  private void check(int code) throws Throwable {
    if (code != 0) {
      var text = (MemorySegment) lastError.invokeExact();
      throw new IllegalStateException("LightGBM: " + text.reinterpret(Long.MAX_VALUE).getString(0));
    }
  }

  private static RuntimeException rethrown(Throwable e) {
    return switch (e) {
      case RuntimeException runtime -> runtime;
      case Error error -> throw error;
      default -> new IllegalStateException(e);
    };
  }
}
