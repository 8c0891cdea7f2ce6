package dev.pipewright.deep;

import dev.pipewright.tabular.ModelFolder;
import dev.pipewright.tabular.ModelFolder.About;
import dev.pipewright.tabular.ModelFolder.Example;
import dev.pipewright.tabular.ModelFolder.Field;
import dev.pipewright.tabular.ModelFolder.Signature;
import dev.pipewright.tabular.data.Frame;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// A network for people and for the tools of MLflow.
final class Described {
  /// An example of more numbers than this is as long as the model.
  private static final int MOST = 4096;

  private Described() {}

  /// @param example what it can be given; see [#example(Frame, Preparation)]
  static ModelFolder folder(Card card, Example example, ModelFolder.Data data) {
    return new ModelFolder(
        new ModelFolder.Flavor(card.flavor(), card.format(), card.library()),
        about(card),
        signature(card),
        example,
        data,
        Map.of(),
        List.of("safetensors"),
        card.params(),
        Map.of());
  }

  private static About about(Card card) {
    var reached =
        String.format(
            Locale.ROOT,
            "%s %.5f, in epoch %d",
            card.metric(),
            card.bestScore(),
            card.bestEpoch() + 1);
    var goal = card.goal();
    if (goal != null) {
      var about = ModelFolder.about(goal.target(), reached);
      return switch (card.preparation()) {
        case Preparation.Steps steps ->
            told(
                about,
                about.title(),
                "It reads the rows with the same '%s' as one sequence. %s"
                    .formatted(steps.sequence(), about.sentence()));
        case Images images when images.columns().isEmpty() ->
            told(about, "A model of images", about.sentence());
        default -> about;
      };
    }
    return card.preparation()
            instanceof Preparation.Choices(var user, var item, var users, var items)
        ? new About(
            "A recommender of '%s' for '%s'".formatted(item, user),
            "It ranks %,d of one for %,d of the other, from who chose what before."
                .formatted(items.size(), users.size()),
            item,
            "recommendation",
            reached,
            List.of(
                "It knows only the users and items of its training; for others it says nothing.",
                "It ranks what a user has chosen before as high as ever: leave that out where it is of no use again."))
        : new About(
            "A language model",
            "It writes a text on, token by token.",
            null,
            "language-model",
            reached,
            List.of(
                "It writes what is likely after its training texts, not what is true.",
                "What stood in its training texts it may write out: train it only on what may be seen."));
  }

  private static About told(About about, String title, String sentence) {
    return new About(title, sentence, about.target(), about.task(), about.reached(), about.heed());
  }

  static Signature signature(Card card) {
    var goal = card.goal();
    if (goal != null) {
      return new Signature(inputs(card.preparation()), Signature.outputs(goal.target()));
    }
    return card.preparation() instanceof Preparation.Choices choices
        ? new Signature(
            List.of(Field.column(choices.user(), false)),
            List.of(Field.column(choices.item(), false)))
        : new Signature(
            List.of(Field.column("prompt", false)), List.of(Field.column("text", false)));
  }

  private static List<Field> inputs(Preparation preparation) {
    return switch (preparation) {
      case Preparation.Rows(var numbers, var categories) -> {
        var fields = new ArrayList<Field>();
        numbers.forEach(number -> fields.add(Field.column(number.column(), true)));
        categories.forEach(category -> fields.add(Field.column(category.column(), false)));
        yield fields;
      }
      case Images images ->
          images.columns().isEmpty()
              ? List.of(
                  Field.array(
                      "image",
                      "float32",
                      -1L,
                      (long) images.channels(),
                      (long) images.height(),
                      (long) images.width()))
              : images.columns().stream().map(name -> Field.column(name, true)).toList();
      case Preparation.Steps steps -> {
        var fields = new ArrayList<Field>();
        fields.add(Field.column(steps.sequence(), false));
        steps.numbers().forEach(number -> fields.add(Field.column(number.column(), true)));
        yield fields;
      }
      case Preparation.Words words -> List.of(Field.column(words.column(), false));
      case Preparation.Language _, Preparation.Choices _ -> List.of();
    };
  }

  /// Rows of the table that was learned from.
  static Example example(Frame frame, Preparation preparation) {
    return Example.of(frame, inputs(preparation));
  }

  /// A single text.
  static Example example(String column, String text) {
    return Example.rows(List.of(column), List.of(List.of(text)));
  }

  /// An image as its pixels from 0 to 1; none where there are too many of them.
  static Example example(Images images, float[] pixels) {
    int channels = images.channels();
    int side = images.height();
    boolean few = pixels.length <= MOST;
    var image = new float[few ? 1 : 0][channels][side][side];
    for (int i = 0; few && i < pixels.length; i++) {
      image[0][i / (side * side)][i / side % side][i % side] = pixels[i];
    }
    return Example.array("image", image);
  }
}
