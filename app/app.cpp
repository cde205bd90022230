#include "app/app.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>

#include "app/caption.h"
#include "app/language.h"
#include "app/shipped_models.h"

namespace orrery {

App::App(const ViewOptions& given)
    : options(given), settings(given.keeps_settings ? load_settings(settings_file()) : Settings{}) {
  if (!options.theme.empty()) settings.theme = options.theme == "light" ? Theme::light : Theme::dark;
  if (!options.language.empty()) settings.language = options.language;
  if (!set_language(settings.language)) settings.language = "en";
  sampling = own_sampling = fulfilled({}, options.sampling);
  pending_prompt_ = options.prompt;
  pending_ids_ = options.ids;
  tour.wanted = options.tour || (options.keeps_settings && options.ui_dump.empty() && !settings.tour_seen);
  std::string wanted = options.model;
  if (wanted.empty() && find_shipped_model("sort-abc")) wanted = "sort-abc";
  if (wanted.empty() && !shipped_models().empty()) wanted = shipped_models().front().name;
  if (wanted.empty())
    pages.models = true;
  else
    load_model(wanted);
}

void App::tell(Message message, bool error) {
  for (const Notice& notice : notices)
    if (notice.message.english() == message.english()) return;
  notices.push_back({std::move(message), error, now + 6});
  if (notices.size() > 4) notices.pop_front();
  awake = 4;
}

void App::apply_settings() {
  if (!set_language(settings.language)) settings.language = current_language();
  awake = 4;
}

void App::load_model(const std::string& name_or_path) {
  if (name_or_path.empty()) return;
  worker.load(model_path(name_or_path));
  pages.models = false;
  awake = 4;
}

/// Numbers between commas or spaces: how tokens are written for a model without a tokenizer.
static std::optional<std::vector<int>> read_ids(const std::string& text) {
  std::vector<int> ids;
  std::string clean = text;
  std::replace(clean.begin(), clean.end(), ',', ' ');
  std::istringstream in(clean);
  for (int id; in >> id;) ids.push_back(id);
  if (!in.eof()) return std::nullopt;
  return ids;
}

void App::retokenize() {
  prompt.ids.clear();
  prompt.pieces.clear();
  prompt.problem.reset();
  if (!model) return;
  if (const Tokenizer* tokenizer = model->tokenizer()) {
    try {
      for (const TokenSpan& span : tokenizer->encode(prompt.text)) prompt.ids.push_back(span.id);
    } catch (const Error& error) {
      prompt.problem = error.message;
    }
  } else if (auto ids = read_ids(prompt.text)) {
    prompt.ids = *ids;
  } else {
    prompt.problem = say("This model has no tokenizer: write token ids as numbers, like 1, 2, 3");
  }
  int vocabulary = model->vocabulary_size(), capacity = model->graph().capacity();
  for (int id : prompt.ids) {
    if (id < 0 || id >= vocabulary)
      prompt.problem =
          say("Token {0} is outside of the vocabulary: ids go from 0 to {1}", id, vocabulary - 1);
    prompt.pieces.push_back(model->token_text(id));
  }
  if (prompt.problem) return;
  if (prompt.ids.empty())
    prompt.problem = say("Type a text for the model to go on from, then press Enter");
  else if (int(prompt.ids.size()) > capacity)
    prompt.problem =
        say("These are {0} tokens; {1} fit into this model's context", prompt.ids.size(), capacity);
}

void App::start_run() {
  retokenize();
  if (!model || prompt.problem) return;
  resume_at_ = -1;
  resume_ = true;
  worker.start({prompt.ids, options.new_tokens, sampling});
  worker.allow(2);
}

void App::restart_run() {
  if (!trace) return start_run();
  playback.jump(0);
  playback.playing = true;
}

void App::force_token(int id, std::vector<int> then) {
  if (!trace || predictions.pass < 0 || predictions.trace != trace.get()) return;
  if (trace->token_count(trace->published()) >= trace->capacity() &&
      predictions.pass + 1 >= trace->pass_count())
    return tell(say("The context is full: no token fits after this one. Start again from the prompt."));
  std::uint64_t at = trace->step_number({predictions.pass + 1, 0});
  // A pass is forked only when its numbers are complete: where the eye is still in it, the worker goes on
  // first.
  if (trace->published() + 1 < at)
    return tell(say("This pass is still being computed: try again in a moment."));
  resume_at_ = double(at);
  resume_ = playback.playing;
  worker.go_on(trace, predictions.pass, id, {prompt.ids, options.new_tokens, sampling, std::move(then)});
  worker.allow(at + 1);
}

void App::change_sampling(const SamplingSettings& changed) {
  if (changed == sampling) return;
  sampling = changed;
  worker.set_sampling(sampling, options.new_tokens);
  if (!trace) return;
  // The new settings act from the next token on, as the eye sees it: where the worker has begun that token's
  // pass, it draws it again in a fork.
  const int pass = trace->place(playback.steps()).pass;
  if (pass < trace->pass_count()) {
    resume_at_ = playback.position;
    resume_ = playback.playing;
    worker.go_on(trace, pass, -1, {prompt.ids, options.new_tokens, sampling, {}});
    worker.allow(playback.limit());
  }
  awake = 4;
}

void App::step_term(int way) {
  if (!trace) return;
  playback.jump(tick_beside(*trace, playback.position, way));
  playback.playing = false;
  scene.following = scene.stepping = true;
}

void App::play_backwards() {
  if (!trace) return;
  playback.stop_gliding();
  playback.playing = !(playback.playing && playback.backwards);
  playback.backwards = playback.playing;
}

void App::move_cell(int rows, int cols) {
  const auto from = scene.selected ? scene.selected : scene.hovered;
  const Tensor* tensor = from ? from->tensor : current_tensor();
  if (!tensor && model) tensor = &model->graph().logits();
  if (!tensor) return;
  const int known = trace ? trace->rows_known(*tensor, playback.steps()) : tensor->rows.size;
  const int last_row = std::max(0, std::min(tensor->rows.size, std::max(known, 1)) - 1);
  Cell cell = from.value_or(Cell{tensor, last_row, 0});
  if (from) cell.row += rows, cell.col += cols;
  cell.row = std::clamp(cell.row, 0, tensor->rows.size - 1);
  cell.col = std::clamp(cell.col, 0, tensor->cols.size - 1);
  scene.selected = cell;
  scene.hovered.reset();
  scene.show_cell(cell, settings.reduced_motion);
}

void App::pin_selected() {
  if (const auto cell = scene.selected ? scene.selected : scene.hovered) cards.pin(*cell);
}

void App::copy_text(std::string text) {
  copied = std::move(text);
  ImGui::SetClipboardText(copied.c_str());
  tell(say("The card is copied as text."));
}

void App::copy_selected() {
  const auto shown = scene.selected ? scene.selected : scene.hovered;
  const auto words = [](const Message& message) { return translate(message); };
  if (model && shown)
    copy_text(card_text(facts_of(*model, trace.get(), playback.steps(), *shown), words));
  else if (!cards.pinned().empty())
    copy_text(card_text(cards.pinned().back().facts, words));
  else
    tell(say("No cell is selected: click one, or go to one with Tab and the arrows."));
}

Closeness App::closeness() const {
  if (!trace || (!playback.playing && playback.moving())) return Closeness::tensors;
  if (!playback.playing) return Closeness::terms;
  const Playback::Speed speed = playback.speed();
  if (speed.pace == Pace::steps) return speed.rate <= 1 ? Closeness::cells : Closeness::tensors;
  return speed.pace == Pace::terms || speed.rate <= 4 ? Closeness::terms : Closeness::cells;
}

void App::toggle_play() {
  if (!trace) return start_run();
  playback.stop_gliding();
  playback.backwards = false;
  go_past_end();
  if (!playback.playing && run_ended && playback.position >= double(trace->published())) playback.jump(0);
  playback.playing = !playback.playing;
}

void App::go_past_end() {
  if (!ended_by(RunState::text_ended)) return;
  run_ended = false;
  worker.go_past_end();
  tell(say("It goes on past the end of the text."));
}

void App::step(int way) {
  if (!trace) return;
  if (way > 0) go_past_end();
  double from = playback.position;
  if (way < 0)
    playback.jump(std::ceil(from) - 1), playback.playing = false;
  else
    playback.glide(std::floor(from) + 1, settings.reduced_motion ? 0 : 0.4);
}

void App::step_layer(int way) {
  if (!trace) return;
  if (way > 0) go_past_end();
  int count = trace->steps_a_pass();
  auto layer_at = [&](std::int64_t step) {
    int index = int(step % count);
    return index == count - 1 ? 1 << 20 : trace->graph().steps()[size_t(index)]->layer;
  };
  auto at = std::int64_t(playback.steps());
  if (way > 0) {
    std::int64_t to = at + 1;
    while (layer_at(to) == layer_at(to - 1) && to - at < count) ++to;
    playback.glide(double(to), settings.reduced_motion ? 0 : 1.2);
  } else if (at > 0) {
    std::int64_t to = at - 1;
    while (to > 0 && layer_at(to) == layer_at(to - 1)) --to;
    playback.jump(double(to));
    playback.playing = false;
  }
}

void App::step_token(int way) {
  if (!trace) return;
  if (way > 0) go_past_end();
  auto at = std::int64_t(playback.steps());
  int count = trace->steps_a_pass();
  if (way > 0) {
    playback.glide(double((at / count + 1) * count), settings.reduced_motion ? 0 : 1.5);
  } else {
    std::int64_t to = at % count == 0 && playback.fraction() == 0 ? at - count : at / count * count;
    playback.jump(double(std::max<std::int64_t>(0, to)));
    playback.playing = false;
  }
}

void App::go_back() {
  if (pages.any())
    pages = {};
  else if (tour.open())
    end_tour();
  else if (!notices.empty())
    notices.pop_back();
  else if (flying)
    flying = false, scene.set_flying(false);
  else if (presenter)
    presenter = false;
  else if (cards.replayed >= 0)
    cards.replay(cards.replayed);
  else if (scene.selected)
    scene.selected.reset();
  else if (!cards.pinned().empty())
    cards.unpin(cards.pinned().back().id);
  else
    playback.playing = false;
  awake = 4;
}

const Tensor* App::current_tensor() const {
  if (!trace) return nullptr;
  int step = trace->place(playback.current()).step;
  auto steps = trace->graph().steps();
  return step < int(steps.size()) ? steps[size_t(step)] : nullptr;
}

Message App::caption() const {
  if (!model) return say("No model is open: choose one.");
  if (!trace) return say("Type a text for the model to go on from, then press Enter");
  const auto replayed = cards.moment();
  const auto moment = replayed                          ? replayed
                      : closeness() == Closeness::terms ? cell_moment(*trace, playback.position)
                                                        : std::nullopt;
  const StepPlace place = trace->place(playback.current());
  const bool draws = place.step >= int(trace->graph().steps().size()) && playback.fraction() > 0;
  if (!moment && draws && closeness() != Closeness::tensors && predictions.pass == place.pass &&
      !predictions.sample.greedy && !trace->pass(place.pass).forced)
    return say("A random number between 0 and 1 is drawn: {0}. It falls on '{1}'.", predictions.sample.drawn,
               model->token_text(predictions.sample.id));
  if (!moment) return caption_of(*trace, playback.position);
  if (captioned_in_ != trace->id() || !(captioned_.cell == moment->cell))
    captioned_ = derive(*trace, moment->cell), captioned_in_ = trace->id();
  return moment_caption(*trace, captioned_, moment->progress, tokens_shown(),
                        [](const Message& message) { return translate(message); });
}

void App::take_events() {
  insight.show(model);
  if (model) ask_head_guide(insight);
  if (insight.has_news()) awake = 4;
  for (Event& event : worker.poll()) {
    awake = 4;
    switch (event.kind) {
      case Event::Kind::model_loaded: {
        model = event.model;
        if (const auto note = left_out_note(*model)) tell(*note);
        sampling =
            rebased(sampling, own_sampling, fulfilled(fulfilled({}, model->sampling()), options.sampling));
        own_sampling = fulfilled(fulfilled({}, model->sampling()), options.sampling);
        trace.reset();
        predictions = {};
        cards.clear();
        scene.show(model, nullptr);
        playback.restart(0);
        std::string own = model->config().text("prompt", "");
        if (!pending_ids_.empty()) {
          prompt.text.clear();
          for (int id : pending_ids_) prompt.text += (prompt.text.empty() ? "" : ", ") + std::to_string(id);
          if (const Tokenizer* tokenizer = model->tokenizer()) prompt.text = tokenizer->decode(pending_ids_);
        } else if (!pending_prompt_.empty()) {
          prompt.text = pending_prompt_;
        } else if (!own.empty()) {
          prompt.text = own;
        }
        retokenize();
        if (!pending_ids_.empty() && !prompt.problem) prompt.ids = pending_ids_;
        if (prompt.problem && pending_prompt_.empty() && own.empty()) {
          prompt.text = model->tokenizer() ? model->tokenizer()->bytes(0) : "0";
          retokenize();
        }
        if (!prompt.problem) {
          resume_ = true;
          resume_at_ = -1;
          worker.start({prompt.ids, options.new_tokens, sampling});
          // The first picture is complete: the whole prompt at once, and no step more.
          worker.allow(model->graph().steps().size() + 1);
        } else if (!prompt.text.empty()) {
          tell(*prompt.problem, true);
        }
        pending_prompt_.clear();
        pending_ids_.clear();
        break;
      }
      case Event::Kind::run_started:
        trace = event.trace;
        run_ended = false;
        predictions = {};
        scene.show(model, trace);
        playback.restart(resume_at_ >= 0 ? resume_at_ : 0);
        playback.playing = resume_ && !(first_ && settings.reduced_motion);
        // The first run begins where the prompt has been read: a complete picture, and the first prediction.
        if (first_) playback.restart(double(trace->steps_a_pass() - 1));
        first_ = false;
        worker.allow(playback.limit());
        break;
      case Event::Kind::run_ended:
        if (trace == event.trace) run_ended = true, end_state = event.state;
        break;
      case Event::Kind::load_failed:
      case Event::Kind::run_failed:
        tell(event.message, true);
        break;
      case Event::Kind::load_cancelled:
        break;
    }
  }
}

bool App::advance(double seconds) {
  const bool tokens = pages.tokenizer && tokenizer_page.advance(seconds, settings.reduced_motion);
  if (tokens) awake = std::max(awake, 3);  // new characters are there from the next frame on
  if (!trace) return tokens;
  StepWork work;
  if (playback.playing && playback.speed().pace != Pace::steps)
    work = step_work(*trace, playback.position, playback.backwards);
  bool moved = playback.advance(seconds, trace->published(), run_ended, work.cells, work.ticks);
  moved = cards.advance(seconds) || moved;
  worker.allow(playback.limit());
  return moved || tokens || playback.moving();
}

void App::update_predictions() {
  if (!trace) return;
  StepPlace place = trace->place(playback.steps());
  int pass = place.step > trace->graph().logits().step ? place.pass : place.pass - 1;
  if (pass >= trace->pass_count()) return;
  bool taken = pass >= 0 && playback.steps() >= trace->step_number({pass + 1, 0});
  predictions.chosen = taken ? trace->pass(pass).chosen : -1;
  predictions.forced = taken && trace->pass(pass).forced;
  SamplingSettings used = pass < 0 ? sampling : trace->pass(pass).sampling;
  if (predictions.trace == trace.get() && predictions.pass == pass && predictions.settings == used &&
      !predictions.by_probability.empty())
    return;
  bool filtered = predictions.filtered;
  predictions = {trace.get(), pass, used, {}, {}, filtered, predictions.chosen, predictions.forced};
  if (pass < 0) return;
  try {
    predictions.sample = sample(trace->logits_of(pass), used, trace->ids(trace->pass(pass).rows.end));
  } catch (const Error& error) {
    predictions.pass = -1;
    return tell(error.message, true);
  }
  const auto& shown = filtered && !predictions.sample.stages.empty()
                          ? predictions.sample.stages.back().probabilities
                          : predictions.sample.probabilities;
  auto& order = predictions.by_probability;
  order.resize(shown.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return shown[size_t(a)] > shown[size_t(b)]; });
}

}  // namespace orrery
