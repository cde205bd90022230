#include "app/tokenizer_page.h"

#include <algorithm>
#include <cmath>

#include "app/shipped_models.h"
#include "model/resources.h"
#include "model/tokenizers/readers.h"

namespace orrery {

namespace {

constexpr int opening_topics = 1000;  // above the places of texts

/// A tokenizer that was opened, or why it cannot be.
struct Opened {
  std::shared_ptr<const Tokenizer> tokenizer;
  std::optional<Message> problem;
};

Opened open_now(const std::filesystem::path& path) {
  try {
    return {open_tokenizer_alone(path), std::nullopt};
  } catch (const Error& error) {
    return {nullptr, error.message};
  }
}

/// The tokenizers of assets/tokenizers, by name.
std::vector<TokenizerEntry> shipped_tokenizers() {
  std::vector<TokenizerEntry> entries;
  std::error_code error;
  const std::filesystem::path folder = resource_path() / "assets" / "tokenizers";
  for (std::filesystem::directory_iterator file(folder, error), end; !error && file != end;
       file.increment(error))
    if (file->path().extension() == ".json")
      entries.push_back({file->path().stem().string(), file->path(), nullptr});
  std::ranges::sort(entries, {}, &TokenizerEntry::name);
  return entries;
}

}  // namespace

void TokenizerPage::show(const std::shared_ptr<const Model>& model, const std::string& prompt) {
  if (entries.empty()) {
    entries.emplace_back();
    for (TokenizerEntry& entry : shipped_tokenizers()) entries.push_back(std::move(entry));
    other = entries.size() > 1 ? 1 : -1;
    for (const ShippedModel& shipped : shipped_models())
      entries.push_back({shipped.name, shipped.path, nullptr});
    text = prompt;
  }
  if (!model || model_ == model) return;
  model_ = model;
  // The tokenizer belongs to the model, which it keeps.
  entries[0] = {model->name(), {}, nullptr};
  if (model->tokenizer()) entries[0].tokenizer = std::shared_ptr<const Tokenizer>(model, model->tokenizer());
}

void TokenizerPage::open(const std::string& path) {
  if (path.empty()) return;
  auto known = std::ranges::find(entries, std::filesystem::path(path), &TokenizerEntry::path);
  chosen = int(known - entries.begin());
  if (known != entries.end()) return;
  const std::filesystem::path file(path);
  const bool plain = file.filename() == "tokenizer.json" && file.has_parent_path();
  entries.push_back({(plain ? file.parent_path() : file).filename().string(), file, nullptr});
}

void TokenizerPage::add(const std::string& name, std::shared_ptr<const Tokenizer> tokenizer) {
  chosen = int(entries.size());
  entries.push_back({name, {}, std::move(tokenizer)});
}

std::shared_ptr<const Tokenizer> TokenizerPage::tokenizer(int number, std::optional<Message>& problem) {
  problem.reset();
  if (number < 0 || size_t(number) >= entries.size()) return nullptr;
  TokenizerEntry& entry = entries[size_t(number)];
  if (entry.tokenizer) return entry.tokenizer;
  if (entry.path.empty()) {
    problem = say("{0} has no tokenizer: its tokens are numbers", entry.name);
    return nullptr;
  }
  const auto answer = background_.ask<Opened>(opening_topics + number, {number},
                                              [path = entry.path](Progress&) { return open_now(path); });
  if (!answer.result) return nullptr;
  problem = answer.result->problem;
  return entry.tokenizer = answer.result->tokenizer;
}

std::shared_ptr<const TokenSteps> TokenizerPage::steps(int place,
                                                       const std::shared_ptr<const Tokenizer>& tokenizer,
                                                       const std::string& words) {
  const auto source = std::int64_t(reinterpret_cast<std::intptr_t>(tokenizer.get()));
  return background_
      .ask<TokenSteps>(place, {source, std::int64_t(std::hash<std::string>()(words))},
                       [tokenizer, words](Progress&) { return lay_out_steps(tokenizer, words); })
      .result;
}

void TokenizerPage::choose(int way) {
  int next = chosen + way;
  while (next > 0 && next < int(entries.size()) && !listed(next)) next += way;
  if (next >= 0 && next < int(entries.size())) chosen = next;
}

void TokenizerPage::train() {
  course.clear();
  live.clear();
  BpeTrainingOptions options;
  options.vocabulary_size = vocabulary_size;
  training.start(training_file, options);
}

void TokenizerPage::update_training() {
  constexpr size_t longest = 2000, most_points = 1024;
  live = training.encode(text.substr(0, whole_characters(std::string_view(text).substr(0, longest))));
  course.emplace_back(training.merges().size(), live.size());
  if (course.size() <= most_points) return;
  for (size_t i = 0; i < course.size() / 2; ++i) course[i] = course[2 * i + 1];
  course.resize(course.size() / 2);
}

bool TokenizerPage::advance(double seconds, bool at_once) {
  bool moved = background_.has_news();
  constexpr double whole = 5;  // seconds for all merges, where they come faster than one can look
  const size_t most =
      at_once ? SIZE_MAX : size_t(std::max(1.0, seconds * double(vocabulary_size - 256) / whole));
  if (training.update(most)) update_training(), moved = true;
  if (!playing) return moved;
  position = std::min(position + seconds * speed, double(moments));
  if (position >= double(moments)) playing = false;
  shown_position = at_once ? std::floor(position) : position;
  return true;
}

void TokenizerPage::step(int way) {
  playing = false;
  const double whole = way > 0 ? std::floor(position) + 1 : std::ceil(position) - 1;
  jump(whole);
}

void TokenizerPage::step_piece(int way) {
  if (!shown) return;
  double target = way > 0 ? double(moments) : 0;
  for (const TokenSteps::Piece& piece : shown->pieces) {
    if (piece.begin == piece.end) continue;
    const auto end = double(piece.end);
    if (way > 0 && end > position) {
      target = end;
      break;
    }
    if (way < 0 && end < position) target = end;
  }
  playing = false;
  jump(target);
}

void TokenizerPage::toggle_play() {
  playing = !playing && moments > 0;
  if (playing && position >= double(moments)) jump(0);
  if (playing) follow = true;
}

void TokenizerPage::jump(double to) {
  shown_position = position = std::clamp(to, 0.0, double(moments));
  follow = true;
}

}  // namespace orrery
