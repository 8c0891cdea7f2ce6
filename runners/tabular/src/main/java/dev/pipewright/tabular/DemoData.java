package dev.pipewright.tabular;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Random;

/// Writes the demo's table: **simulated** loan applications. No real person or bank is in it; every
/// row is drawn from the distributions below, and so is whether the loan defaults.
///
/// It simulates a lender of consumer credit: the applicant's age, income (log-normal), employment
/// and home, the loan's amount, term and purpose, earlier late payments and how much of the
/// existing credit is used. The log-odds of a default grow with the share of the income that the
/// instalments take, with late payments (steeply at first), and with the used credit above a half;
/// they fall with the years in the job and with savings; a short history and a large loan together
/// weigh more than each alone. On top comes noise that nothing in the table explains, so that a
/// good model reaches an AUC around 0.8, not 1. About one in fourteen incomes and one in ten
/// savings are missing, the savings more often where there are none.
///
/// The same rows and seed give the same bytes on every machine: `java.util.Random` is specified to
/// the bit, and so is [StrictMath].
public final class DemoData {
  public static final int ROWS = 3000;
  public static final long SEED = 42;

  private static final String HEADER =
      "age,income,employment,years_employed,home,purpose,amount,term_months,savings,late_payments,"
          + "credit_used,first_loan,default\n";

  private DemoData() {}

  /// `OUT.csv [--rows N] [--seed S]`
  public static void main(String[] args) throws IOException {
    int rows = ROWS;
    long seed = SEED;
    Path out = null;
    try {
      for (int i = 0; i < args.length; i++) {
        switch (args[i]) {
          case "--rows" -> rows = Integer.parseInt(args[++i]);
          case "--seed" -> seed = Long.parseLong(args[++i]);
          default -> {
            if (out != null || args[i].startsWith("--")) {
              throw new IllegalArgumentException("unexpected: " + args[i]);
            }
            out = Path.of(args[i]);
          }
        }
      }
      if (out == null || rows < 1) {
        throw new IllegalArgumentException("a file to write, and at least one row, are needed");
      }
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      System.err.println("DemoData: " + e.getMessage());
      System.err.println("Usage: DemoData OUT.csv [--rows N] [--seed S]");
      System.exit(2);
      return;
    }
    write(out, rows, seed);
  }

  /// Writes the file in one go: it is there whole or not at all.
  public static void write(Path out, int rows, long seed) throws IOException {
    var folder = out.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    var part = out.resolveSibling(out.getFileName() + ".part");
    Files.writeString(part, csv(rows, seed));
    Files.move(part, out, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  public static String csv(int rows, long seed) {
    var random = new Random(seed);
    var csv = new StringBuilder(HEADER);
    for (int row = 0; row < rows; row++) {
      append(csv, random);
    }
    return csv.toString();
  }

  private static void append(StringBuilder csv, Random random) {
    int age = clamp(38 + 12 * random.nextGaussian(), 19, 79);
    var employment =
        pick(
            random,
            new String[] {"permanent", "temporary", "self-employed", "none"},
            0.62,
            0.80,
            0.94);
    int years =
        employment.equals("none")
            ? 0
            : clamp(StrictMath.abs(random.nextGaussian()) * (age - 17) / 3.0, 0, age - 18);
    double level =
        switch (employment) {
          case "permanent" -> 10.55;
          case "temporary" -> 10.2;
          case "self-employed" -> 10.5;
          default -> 9.6;
        };
    int income =
        clamp(StrictMath.exp(level + 0.012 * years + 0.4 * random.nextGaussian()) / 100, 60, 4000)
            * 100;
    var home = pick(random, new String[] {"rent", "mortgage", "own", "family"}, 0.45, 0.75, 0.90);
    var purpose =
        pick(
            random,
            new String[] {"car", "furniture", "education", "medical", "debt", "business"},
            0.30,
            0.50,
            0.62,
            0.72,
            0.90);
    int amount = clamp(StrictMath.exp(8.9 + 0.65 * random.nextGaussian()) / 50, 10, 1000) * 50;
    int term = 12 * (1 + random.nextInt(6));
    int savings = clamp(StrictMath.exp(6.5 + 1.8 * random.nextGaussian()) / 10, 0, 10_000) * 10;
    int late = 0;
    while (late < 8 && random.nextDouble() < 0.27) {
      late++;
    }
    int used = clamp(100 * StrictMath.pow(random.nextDouble(), 1.4), 0, 100);
    boolean first = random.nextDouble() < (age < 26 ? 0.6 : 0.15);

    double burden = amount / (double) term * 12 / income;
    double logOdds =
        -2.5
            + 7.0 * StrictMath.min(burden, 0.6)
            + 1.35 * StrictMath.sqrt(late)
            + 2.4 * StrictMath.max(0, used - 50) / 50.0
            - 0.07 * StrictMath.min(years, 15)
            - 0.22 * StrictMath.log1p(savings / 500.0)
            + (first && amount > 8000 ? 1.2 : 0)
            + switch (employment) {
              case "permanent" -> -0.3;
              case "temporary" -> 0.5;
              case "none" -> 0.8;
              default -> 0.2;
            }
            + switch (purpose) {
              case "business" -> 0.7;
              case "debt" -> 0.5;
              case "car" -> -0.3;
              default -> 0;
            }
            + (home.equals("own") ? -0.6 : home.equals("rent") ? 0.25 : 0)
            + 0.5 * random.nextGaussian();
    boolean defaults = random.nextDouble() < 1 / (1 + StrictMath.exp(-logOdds));
    boolean noIncome = random.nextDouble() < 0.07;
    boolean noSavings = random.nextDouble() < (savings < 200 ? 0.16 : 0.07);

    csv.append(age).append(',');
    csv.append(noIncome ? "" : Integer.toString(income)).append(',');
    csv.append(employment).append(',').append(years).append(',');
    csv.append(home).append(',').append(purpose).append(',');
    csv.append(amount).append(',').append(term).append(',');
    csv.append(noSavings ? "" : Integer.toString(savings)).append(',');
    csv.append(late).append(',');
    csv.append(used / 100).append('.').append(used % 100 / 10).append(used % 10).append(',');
    csv.append(first ? "yes" : "no").append(',').append(defaults ? "yes" : "no").append('\n');
  }

  /// One of the names; `bounds` are the upper ends of all but the last one's share.
  private static String pick(Random random, String[] names, double... bounds) {
    double at = random.nextDouble();
    int i = 0;
    while (i < bounds.length && at >= bounds[i]) {
      i++;
    }
    return names[i];
  }

  private static int clamp(double value, int least, int most) {
    return (int) StrictMath.max(least, StrictMath.min(most, StrictMath.rint(value)));
  }
}
