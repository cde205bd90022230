#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/background.h"
#include "app/bpe_training.h"
#include "app/token_steps.h"
#include "model/model.h"

namespace orrery {

enum class TokenizerTab { steps, compare, train };

/// A tokenizer that can be chosen.
struct TokenizerEntry {
  std::string name;
  std::filesystem::path path;                  ///< empty: it needs not be opened
  std::shared_ptr<const Tokenizer> tokenizer;  ///< null: not opened yet
};

/// What the page about tokenizers knows: which can be chosen, the text, where the eye is. What takes time is
/// asked for anew each frame and computed on a thread of its own. Main thread.
struct TokenizerPage {
  TokenizerTab tab = TokenizerTab::steps;
  std::string text;
  std::vector<TokenizerEntry> entries;  ///< 0: that of the open model, whose tokenizer may be null
  int chosen = 0, other = -1;           ///< places in entries; `other` is the one to compare with
  std::string path_field;               ///< of a tokenizer to open

  // The steps.
  double position = 0;        ///< moments that are complete; a fraction is the one under way
  double shown_position = 0;  ///< the same, without fractions where motion is reduced
  size_t moments = 0;
  bool playing = false;
  double speed = 3;                         ///< moments a second
  bool follow = true;                       ///< scroll to where it happens
  std::shared_ptr<const TokenSteps> shown;  ///< what the eye is on

  // Training.
  BpeTraining training;
  std::string training_file, save_path;
  int vocabulary_size = 1024;
  std::vector<std::pair<size_t, size_t>> course;  ///< of the text above: merges, and tokens then
  std::vector<int> live;                          ///< the text above in the tokens that are known by now

  /// Fills in what can be chosen, with the open model's tokenizer and text.
  void show(const std::shared_ptr<const Model>& model, const std::string& prompt);
  /// Adds a file or folder that a person named, and chooses it.
  void open(const std::string& path);
  /// Adds one that has just been trained, and chooses it.
  void add(const std::string& name, std::shared_ptr<const Tokenizer> tokenizer);
  /// The open model's own is listed once, as the first.
  bool listed(int entry) const { return entry == 0 || entries[size_t(entry)].name != entries[0].name; }
  /// Chooses the next or the one before.
  void choose(int way);
  /// Begins to learn from training_file.
  void train();

  /// The tokenizer of an entry; null while it is being opened, if it cannot be (then `problem` says why), or
  /// if the model has none.
  std::shared_ptr<const Tokenizer> tokenizer(int entry, std::optional<Message>& problem);
  /// A text in the tokens of a tokenizer; null while it is being computed. `place` tells the texts of one
  /// frame apart.
  std::shared_ptr<const TokenSteps> steps(int place, const std::shared_ptr<const Tokenizer>& tokenizer,
                                          const std::string& text);

  /// Plays; `at_once` leaves out what is between two moments. True if something moves or has come.
  bool advance(double seconds, bool at_once);
  /// Whether something is being computed.
  bool busy() const { return background_.busy() || training.state() == BpeTraining::State::running; }
  void step(int way);
  void step_piece(int way);  ///< to where a piece is done
  void toggle_play();
  void jump(double to);

 private:
  void update_training();

  std::shared_ptr<const Model> model_;
  Background background_;
};

}  // namespace orrery
