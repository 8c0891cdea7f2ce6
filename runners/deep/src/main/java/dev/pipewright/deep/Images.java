package dev.pipewright.deep;

import ai.djl.ndarray.types.Shape;
import dev.pipewright.contract.ProblemCode;
import dev.pipewright.contract.ProblemException;
import dev.pipewright.tabular.data.Frame;
import java.awt.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.imageio.ImageIO;

/// Images of one size: files, or rows of a table with a column for each pixel, row by row.
///
/// @param channels 1 for grey, 3 for red, green and blue
/// @param mean of the training images' pixels
/// @param columns of the table; empty for files
record Images(int channels, int height, int width, double mean, double spread, List<String> columns)
    implements Preparation {
  private static final Set<String> ENDINGS = Set.of("png", "jpg", "jpeg", "bmp", "gif");
  private static final double WHITE = 255;

  /// The share of the heap that images may take.
  private static final double ROOM = 0.6;

  /// An image file in the folder of its class.
  record File(Path path, String label) {}

  /// @throws ProblemException TABLE_EMPTY when there are no images
  static List<File> files(Path folder, String name) throws IOException {
    try (var all = Files.walk(folder)) {
      var files =
          all.filter(Images::isImage)
              .sorted()
              .map(path -> new File(path, path.getParent().getFileName().toString()))
              .toList();
      if (files.isEmpty()) {
        throw new ProblemException(
            ProblemCode.TABLE_EMPTY,
            name + " holds no images (png, jpg, bmp, gif)",
            "Give a folder with a folder of images for each class.");
      }
      return files;
    }
  }

  private static boolean isImage(Path path) {
    var name = path.getFileName().toString();
    return Files.isRegularFile(path)
        && ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
  }

  Shape shape() {
    return new Shape(channels, height, width);
  }

  /// For files: as they are, from 0 to 1.
  static float[][] read(List<File> files, int channels, int side) {
    long bytes = (long) files.size() * channels * side * side * Float.BYTES;
    if (bytes > ROOM * Runtime.getRuntime().maxMemory()) {
      throw new ProblemException(
          ProblemCode.OUT_OF_MEMORY,
          "%,d images of %d by %d pixels need %,d MiB"
              .formatted(files.size(), side, side, bytes >> 20),
          "Give the task more memory (resources.memory), or a smaller imageSize.");
    }
    var read = new float[files.size()][];
    for (int i = 0; i < read.length; i++) {
      read[i] = pixels(files.get(i).path, channels, side);
    }
    return read;
  }

  private static BufferedImage image(Path path) {
    Exception cause = null;
    try {
      var image = ImageIO.read(path.toFile());
      if (image != null) {
        return image;
      }
    } catch (IOException | RuntimeException e) {
      // Readers of damaged files throw what they come upon.
      cause = e;
    }
    var problem =
        new ProblemException(
            ProblemCode.TABLE_UNREADABLE,
            "%s/%s is not an image that can be read%s"
                .formatted(
                    path.getParent().getFileName(),
                    path.getFileName(),
                    cause == null || cause.getMessage() == null ? "" : ": " + cause.getMessage()),
            "Take it away, or save it as PNG.");
    problem.initCause(cause);
    throw problem;
  }

  private static float[] pixels(Path path, int channels, int side) {
    var image = image(path);
    int type = channels == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB;
    var scaled = new BufferedImage(side, side, type);
    var graphics = scaled.createGraphics();
    graphics.drawImage(
        image.getWidth() == side && image.getHeight() == side
            ? image
            : image.getScaledInstance(side, side, Image.SCALE_AREA_AVERAGING),
        0,
        0,
        null);
    graphics.dispose();
    var pixels = new float[channels * side * side];
    var raster = scaled.getRaster();
    for (int channel = 0; channel < channels; channel++) {
      for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
          pixels[(channel * side + y) * side + x] =
              (float) (raster.getSample(x, y, channel) / WHITE);
        }
      }
    }
    return pixels;
  }

  /// For a table: all columns of numbers but the target are pixels of a square image.
  ///
  /// @throws ProblemException NO_FEATURES when they do not make a square
  static List<String> columns(Frame frame, String target, int[] rows, int channels) {
    var columns = new ArrayList<String>();
    for (var name : frame.columns()) {
      if (!name.equals(target) && Preparation.numeric(frame.column(name), rows)) {
        columns.add(name);
      }
    }
    int side = side(columns.size(), channels);
    if (side == 0) {
      throw new ProblemException(
          ProblemCode.NO_FEATURES,
          "%s has %d columns of numbers beside the target, which do not make square images of %d channels"
              .formatted(frame.name(), columns.size(), channels),
          "Give one column for each pixel, row by row, such as 784 for 28 by 28.");
    }
    return columns;
  }

  static int side(int columns, int channels) {
    int side = (int) Math.round(Math.sqrt(columns / (double) channels));
    return side > 0 && side * side * channels == columns ? side : 0;
  }

  static float[][] raw(Frame frame, List<String> columns, int[] rows) {
    var raw = new float[rows.length][columns.size()];
    for (int pixel = 0; pixel < columns.size(); pixel++) {
      var cells = frame.column(columns.get(pixel));
      for (int i = 0; i < rows.length; i++) {
        double value = cells.number(rows[i]);
        raw[i][pixel] = Double.isFinite(value) ? (float) value : 0;
      }
    }
    return raw;
  }

  /// @param raw images to take the scale from
  /// @param some which of them
  static Images of(
      float[][] raw, int[] some, int channels, int height, int width, List<String> columns) {
    double sum = 0;
    double squares = 0;
    long count = 0;
    for (int place : some) {
      for (float pixel : raw[place]) {
        sum += pixel;
        squares += (double) pixel * pixel;
        count++;
      }
    }
    double mean = sum / count;
    double variance = Math.max(0, squares / count - mean * mean);
    return new Images(
        channels, height, width, mean, variance > 1e-12 ? Math.sqrt(variance) : 1, columns);
  }

  /// Puts raw images on the scale.
  float[][] scaled(float[][] raw) {
    for (var image : raw) {
      for (int i = 0; i < image.length; i++) {
        image[i] = (float) ((image[i] - mean) / spread);
      }
    }
    return raw;
  }
}
