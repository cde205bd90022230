#include <algorithm>
#include <cmath>

#include "app/app.h"
#include "app/language.h"
#include "app/panels/insight.h"
#include "app/panels/insight_widgets.h"
#include "model/analysis/neurons.h"

namespace orrery {
using namespace ui;

namespace {

constexpr int shown_neurons = 24, shown_words = 8;

std::string neuron_name(int layer, int neuron) {
  return "L" + std::to_string(layer) + "N" + std::to_string(neuron);
}

/// What there is to say about one neuron.
struct NeuronPicture {
  std::vector<double> over_text;
  NeuronWords words;
  Message no_words;  ///< why there are none
};

Finding<NeuronPicture> neuron_picture(const Trace& trace, int layer, int neuron, int row, int rows) {
  NeuronPicture picture;
  const auto over_text = neuron_over_text(trace, layer, neuron, rows);
  if (!over_text) return over_text.why_not;
  picture.over_text = *over_text;
  const auto words = neuron_words(trace, layer, neuron, row, shown_words);
  if (words)
    picture.words = *words;
  else
    picture.no_words = words.why_not;
  return picture;
}

/// The text, each token in the colour of the neuron's activation there.
void over_text(App& app, const std::vector<double>& activations) {
  double largest = 1e-9;
  for (double activation : activations) largest = std::max(largest, std::abs(activation));
  WithFont with(Font::small);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {px(2), px(3)});
  for (size_t row = 0; row < activations.size(); ++row) {
    const std::string token = token_at(app, int(row));
    need_glyphs(token.c_str());
    const float width = ImGui::CalcTextSize(token.c_str()).x + px(8), high = px(22);
    if (row > 0) ImGui::SameLine();
    if (row > 0 && ImGui::GetCursorScreenPos().x + width > right) ImGui::NewLine();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::Dummy({width, high});
    mark(("activation_" + std::to_string(row)).c_str());
    const ImU32 colour = signed_colour(app, activations[row] / largest);
    list->AddRectFilled(at, {at.x + width, at.y + high}, colour, px(3));
    list->AddText({at.x + px(4), at.y + (high - ImGui::GetFontSize()) / 2}, text_on(colour), token.c_str());
    tooltip(number_text(activations[row]).c_str());
  }
  ImGui::PopStyleVar();
  note(say("Colours end at ±{0}, the largest of this text.", largest));
}

void words_list(const App& app, const char* title, const std::vector<std::pair<int, double>>& words) {
  ImGui::BeginGroup();
  text(Font::small, colours().muted, title);
  for (const auto& [id, value] : words) {
    text(Font::small, colours().text, app.model->token_text(id).c_str());
    ImGui::SameLine(px(110));
    text(Font::mono, colours().muted, number_text(value).c_str());
  }
  ImGui::EndGroup();
}

void one_neuron(App& app, int row, int rows) {
  const InsightChoices& choices = app.insight.choices;
  const int layer = choices.neuron_layer, neuron = choices.neuron;
  const auto trace = app.trace;
  const auto answer = app.insight.ask<Finding<NeuronPicture>>(
      InsightTopic::neuron, *trace, {layer, neuron, row, rows},
      [=](Progress&) { return neuron_picture(*trace, layer, neuron, row, rows); });
  text(Font::body, colours().text,
       translate(say("Neuron {0} over the text", neuron_name(layer, neuron))).c_str());
  if (!answer.result || !answer.current) return waiting(answer.progress);
  if (!*answer.result) return note(answer.result->why_not);
  const NeuronPicture& picture = **answer.result;
  over_text(app, picture.over_text);
  if (!picture.no_words.key.empty()) return note(picture.no_words);
  note(say("What it gives directly to the logits after '{0}':", token_at(app, row)));
  words_list(app, tr("raises"), picture.words.raised);
  ImGui::SameLine(px(230));
  words_list(app, tr("lowers"), picture.words.lowered);
}

}  // namespace

void neurons_page(App& app) {
  InsightChoices& choices = app.insight.choices;
  const auto trace = app.trace;
  const int rows = complete_rows(*trace, app.playback.steps());
  if (rows == 0) return note(say("Not computed yet."));
  const int row = choices.row >= 0 && choices.row < rows ? choices.row : rows - 1;
  if (const int clicked = token_chips(app, "neurons_row", rows, row); clicked >= 0) choices.row = clicked;
  const auto answer = app.insight.ask<Finding<std::vector<NeuronActivity>>>(
      InsightTopic::neurons, *trace, {row},
      [trace, row](Progress&) { return most_active_neurons(*trace, row, shown_neurons); });
  if (!answer.result || !answer.current) return waiting(answer.progress);
  if (!*answer.result) return note(answer.result->why_not);
  const std::vector<NeuronActivity>& neurons = **answer.result;
  if (choices.neuron < 0 && !neurons.empty())
    choices.neuron_layer = neurons[0].layer, choices.neuron = neurons[0].neuron;
  note(say("The neurons that write most at '{0}': activation times the length of their output weights.",
           token_at(app, row)));
  ImGui::BeginChild("neuron_list", {0, ImGui::GetContentRegionAvail().y * 0.42f});
  for (size_t i = 0; i < neurons.size(); ++i) {
    const NeuronActivity& found = neurons[i];
    BarLine line{
        neuron_name(found.layer, found.neuron), found.written, neurons[0].written, false, false, true};
    line.chosen = found.layer == choices.neuron_layer && found.neuron == choices.neuron;
    if (bar_line(app, "neuron_" + std::to_string(i), line))
      choices.neuron_layer = found.layer, choices.neuron = found.neuron;
    tooltip(translate(say("Activation {0}", found.activation)).c_str());
  }
  ImGui::EndChild();
  ImGui::BeginChild("one_neuron");
  one_neuron(app, row, rows);
  ImGui::EndChild();
}

}  // namespace orrery
