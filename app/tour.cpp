#include "app/tour.h"

#include <algorithm>
#include <cmath>

#include "model/analysis/anatomy.h"

namespace orrery {
namespace {

/// The steps whose tensors stand in a group or in the groups within it, from the first to the last.
void find_steps(const Graph& graph, TourStop& stop) {
  const auto inside = [&](int group) {
    while (group > stop.group) group = graph.groups()[size_t(group)].parent;
    return group == stop.group;
  };
  stop.first_step = int(graph.steps().size());
  for (const Tensor* tensor : graph.steps())
    if (inside(tensor->group)) {
      stop.first_step = std::min(stop.first_step, tensor->step);
      stop.last_step = tensor->step;
    }
  stop.first_step = std::min(stop.first_step, stop.last_step);
}

std::string percent(float part) { return number_text(std::round(double(part) * 1000) / 10); }

/// Tells about one recording.
class Guide {
 public:
  explicit Guide(const Trace& trace)
      : trace_(trace),
        graph_(trace.graph()),
        anatomy_(anatomy_of(graph_)),
        newest_(trace.pass(0).rows.end - 1) {}

  std::vector<TourStop> stops() const {
    std::vector<TourStop> stops{whole(), tokens(), mixing(), alone(), output()};
    for (TourStop& stop : stops) find_steps(graph_, stop);
    return stops;
  }

 private:
  std::string token(int row) const { return trace_.model().token_text(trace_.token(row)); }

  const Tensor* step_named(const char* op) const {
    for (const Tensor* tensor : graph_.steps())
      if (tensor->op->name() == op) return tensor;
    return nullptr;
  }

  TourStop whole() const {
    return {
        TourStop::Topic::whole, say("The whole model"),
        say("Text goes in at the start, the next token comes out at the end. The broad band between is the "
            "residual stream: every layer reads it and adds what it found. Nothing here is a film: the "
            "model runs while you watch."),
        say("{0} has {1} layers and {2} numbers that it learned.", trace_.model().name(),
            graph_.layer_count(), trace_.model().parameter_count())};
  }

  TourStop tokens() const {
    TourStop stop{TourStop::Topic::tokens, say("Where the text enters")};
    stop.group = graph_.tokens().group;
    stop.words =
        step_named("position embedding")
            ? say("The text is cut into tokens, and each token has a number. That number picks a row "
                  "of a table of learned numbers; a second table adds where the token stands.")
            : say("The text is cut into tokens, and each token has a number. That number picks a row "
                  "of a table of learned numbers.");
    if (const Tensor* embedded = step_named("embedding"))
      stop.fact = say("Your text: {0} tokens, the newest one '{1}'. Each is a row of {2} numbers now.",
                      newest_ + 1, token(newest_), embedded->cols.size);
    return stop;
  }

  TourStop mixing() const {
    if (anatomy_.head_count() > 0) return attention();
    TourStop stop{
        TourStop::Topic::mixing, say("A memory in place of attention"),
        say("In this model no token looks back at others. What came before is kept in a state, which "
            "every token changes a little and hands on to the next.")};
    for (const Tensor* tensor : graph_.steps()) {
      const bool carried = std::ranges::find(tensor->inputs, tensor) != tensor->inputs.end();
      if (!carried) continue;
      stop.group = tensor->group;
      stop.fact =
          say("This state, {0}, has {1} numbers, however long the text is.", tensor->name, tensor->cols.size);
      break;
    }
    return stop;
  }

  /// The head whose newest token looks most at one token before it; the very first token does not count
  /// where there is another, since heads that find nothing look there.
  TourStop attention() const {
    const HeadParts* head = nullptr;
    int seen = 0;
    float most = -1;
    for (const LayerParts& layer : anatomy_.layers)
      for (const HeadParts& candidate : layer.heads) {
        if (!head) head = &candidate;
        for (int key = newest_ > 1 ? 1 : 0; key < newest_; ++key)
          if (const float weight = trace_.view(*candidate.pattern)(newest_, key); weight > most)
            head = &candidate, seen = key, most = weight;
      }
    TourStop stop{TourStop::Topic::mixing, say("A head at work"),
                  say("Here tokens look at each other. Each one asks with a query; every token before it "
                      "answers with a key. Where they fit, the score is high. Softmax turns the scores into "
                      "shares, and the head brings the values over in these shares.")};
    stop.group = head->pattern->group;
    stop.frame = graph_.groups()[size_t(stop.group)].parent;  // with the names around the head
    if (most >= 0)
      stop.fact = say("In head {0}, '{1}' takes {2} % from '{3}', which stands {4} before it.", head->name(),
                      token(newest_), percent(most), token(seen), newest_ - seen);
    return stop;
  }

  TourStop alone() const {
    TourStop stop{TourStop::Topic::alone, say("Every token on its own")};
    if (const Tensor* choice = step_named("choose experts")) {
      stop.group = choice->group;
      stop.words =
          say("Now each token is worked on alone, by experts: a router chooses {0} of {1} for it. The "
              "others stay dark, and that saves their work.",
              choice->cols.size, choice->inputs[0]->cols.size);
      stop.fact =
          say("'{0}' goes to expert {1} first.", token(newest_), int(trace_.view(*choice)(newest_, 0)));
      return stop;
    }
    const auto layer = std::ranges::find_if(anatomy_.layers, [](const LayerParts& l) { return l.hidden; });
    if (layer == anatomy_.layers.end()) return block();
    const Tensor& hidden = *layer->hidden;
    stop.group = hidden.group;
    stop.words =
        say("Now each token is worked on alone. Its row is spread over {0} neurons; each answers to "
            "something or stays silent, and what they say is added to the residual stream.",
            hidden.cols.size);
    int loudest = 0;
    const auto answer = [&](int neuron) { return std::abs(trace_.view(hidden)(newest_, neuron)); };
    for (int neuron = 1; neuron < hidden.cols.size; ++neuron)
      if (answer(neuron) > answer(loudest)) loudest = neuron;
    stop.fact = say("At '{0}' neuron {1} of layer {2} answers most: {3}.", token(newest_), loudest,
                    layer->layer, trace_.view(hidden)(newest_, loudest));
    return stop;
  }

  TourStop block() const {
    TourStop stop{TourStop::Topic::alone, say("One block does it all"),
                  say("Other models have a feed-forward part here, which works on each token alone. This one "
                      "has none: a layer is one block that remembers and works at once.")};
    const auto& groups = graph_.groups();
    for (const Group& group : groups)
      if (group.layer == 0) {
        stop.group = group.index;
        break;
      }
    return stop;
  }

  TourStop output() const {
    TourStop stop{
        TourStop::Topic::output, say("The next token"),
        say("What the newest token has become is compared with every token of the vocabulary: one "
            "logit each. Softmax makes probabilities of them, and one token is drawn. It is the next "
            "input, and all begins again.")};
    stop.group = graph_.logits().group;
    const std::vector<float> probabilities = softmax(trace_.logits_of(0));
    const auto best = std::ranges::max_element(probabilities);
    stop.fact = say("Most probable after your text: '{0}', with {1} %.",
                    trace_.model().token_text(int(best - probabilities.begin())), percent(*best));
    return stop;
  }

  const Trace& trace_;
  const Graph& graph_;
  const Anatomy anatomy_;
  const int newest_;
};

}  // namespace

bool ready_for_tour(const Trace& trace) {
  return trace.pass_count() > 0 && int(trace.published()) > trace.graph().logits().step;
}

std::vector<TourStop> tour_stops(const Trace& trace) { return Guide(trace).stops(); }

void Tour::begin(const Trace& trace) {
  const int before = open() ? at_ : 0;
  stops_ = tour_stops(trace);
  told_ = trace.id();
  wanted = false;
  go(before);
}

void Tour::go(int stop) {
  at_ = std::clamp(stop, 0, int(stops_.size()) - 1);
  arrived = false;
}

void Tour::end() {
  stops_.clear();
  at_ = 0;
  told_ = 0;
  wanted = false;
  arrived = true;
}

}  // namespace orrery
