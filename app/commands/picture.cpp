#include "app/commands/picture.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "app/caption.h"
#include "app/language.h"
#include "model/analysis/anatomy.h"
#include "renderer/cell_place.h"
#include "renderer/op_animation.h"

namespace orrery {

void add_looks(CLI::App& command, std::string& theme, std::string& language) {
  command.add_option("--theme", theme, tr("dark or light"))->check(CLI::IsMember({"dark", "light"}));
  command
      .add_option_function<std::string>(
          "--lang",
          [&language](const std::string& code) {
            if (!set_language(code)) throw CLI::ValidationError("--lang", "'" + code + "' is not there");
            language = code;
          },
          tr("en or zh-Hant"))
      ->type_name("CODE");
}

const Tensor& hook_tensor(const Graph& graph, const std::string& name) {
  if (const Tensor* tensor = graph.find(name)) return *tensor;
  if (const Tensor* tensor = graph.find(name + ".head0")) return *tensor;
  throw Error(say("'{0}' is no tensor of this model: 'orrery hooks' lists them", name));
}

Picture::Picture(std::shared_ptr<const Model> model, int tokens, const PictureOptions& options)
    : options_(options),
      model_(std::move(model)),
      headless_(options.width, options.height),
      overlay_(options.width, options.words ? options.height : 0,
               int(!options.arcs.empty()) + int(options.lens)) {
  const Graph& graph = model_->graph();
  if (!options.arcs.empty()) arcs_ = read_arcs(graph, options.arcs), arcs_->written = options.written;
  LayoutOptions layout;
  layout.token_rows = token_rows_for(tokens, graph.capacity());
  layout.aspect = aspect();
  layout_ = make_layout(graph, layout);
  scene_.layout_version = 1;
  renderer_.set_upload_budget(SIZE_MAX);
  frame();
}

void Picture::frame(float turn) {
  Camera camera;
  camera.yaw += turn;
  if (options_.focus.empty()) {
    scene_.camera = frame_whole(layout_, camera, aspect());
    return;
  }
  const Bounds bounds = bounds_of(layout_, hook_tensor(model_->graph(), options_.focus));
  if (bounds.empty()) throw Error(say("'{0}' has no place in the picture", options_.focus));
  scene_.camera = camera.framing(bounds.low, bounds.high, aspect(), 0.25f);
}

FrameStats Picture::draw(const Trace& trace, double position, float seconds, Quality quality) {
  SceneOptions options;
  options.theme = options_.theme == "light" ? Theme::light : Theme::dark;
  options.time = seconds;
  options.translate = [](const Message& message) { return translate(message); };
  options.language = current_language();
  options.text_scale = std::max(1.f, float(options_.height) / 720);
  if (options_.at >= 0) options.closeness = Closeness::terms;
  if (!options_.cell.empty()) {
    options.selected = read_cell(model_->graph(), options_.cell);
    if (options_.at >= 0) options.replay = CellMoment{*options.selected, options_.at};
  }
  options.hovered = hovered_;
  options.pinned = pinned_;
  options.arcs = arcs_;
  if (options_.lens && !lens_) {
    Progress progress;
    lens_ =
        logit_lens(trace, trace.rows_known(trace.graph().logits(), trace.published()), 1, false, progress);
    if (!*lens_) throw Error(lens_->why_not);
  }
  if (lens_) options.lens = &**lens_;
  scene_.height = float(options_.height - overlay_.height());
  builder_.build(scene_, layout_, &trace, position, options);
  arithmetic_.add(scene_, options_.width, options_.height, options.translate);
  const int foot = overlay_.height();
  const FrameStats stats = renderer_.draw(
      scene_, {headless_.framebuffer(), 0, foot, options_.width, options_.height - foot}, quality);
  if (foot == 0) return stats;
  const StepPlace place = trace.place(std::uint64_t(std::max(0.0, std::ceil(position) - 1)));
  const auto steps = trace.graph().steps();
  const bool choosing = place.step >= int(steps.size());
  const Rows rows = trace.pass(place.pass).rows;
  // A cell that is asked for is what the picture is about.
  const Tensor& tensor = options.selected ? *options.selected->tensor
                         : choosing       ? trace.graph().logits()
                                          : *steps[size_t(place.step)];
  const int row = options.selected ? options.selected->row : rows.end - 1;
  Legend legend =
      legend_of(tensor, row, renderer_.range_of(tensor, row, RangeRule::tensor), RangeRule::tensor);
  legend.theme = options.theme;
  TokenStrip tokens;
  for (int token = 0; token < rows.end; ++token)
    tokens.pieces.push_back(model_->token_text(trace.token(token)));
  tokens.first_lit = size_t(rows.begin);
  if (choosing) tokens.next = model_->token_text(trace.pass(place.pass).chosen);
  if (arcs_) legend.notes.push_back(arcs_note(*arcs_, builder_.arcs()));
  if (lens_) legend.notes.push_back(lens_note());
  overlay_.draw(caption(trace, position, rows.end), tokens, legend);
  return stats;
}

std::string Picture::caption(const Trace& trace, double position, int tokens) const {
  if (options_.cell.empty()) return translate(caption_of(trace, position));
  const Cell cell = read_cell(trace.graph(), options_.cell);
  if (!cell.tensor->op) return translate(caption_of(trace, position));
  if (options_.at < 0) return translate(cell.tensor->op->sentence(*cell.tensor));
  const auto said = [](const Message& message) { return translate(message); };
  return translate(moment_caption(trace, derive(trace, cell), options_.at, tokens, said));
}

const Image& Picture::read() {
  headless_.read(image_);
  return image_;
}

std::optional<ArcChoice> parse_arcs(const std::string& text) {
  ArcChoice choice;
  int used = 0, end = int(text.size());
  auto read = [&](const char* format, int& value) {
    int length = 0;
    if (std::sscanf(text.c_str() + used, format, &value, &length) != 1 || length == 0 || value < 0)
      return false;
    used += length;
    return true;
  };
  const bool short_enough = text.size() <= 24, layer = short_enough && read("L%6d%n", choice.layer);
  if (layer && used < end && text[size_t(used)] == 'H') read("H%6d%n", choice.head);
  if (layer && used < end && text[size_t(used)] == ':') read(":%6d%n", choice.query);
  if (!layer || used != end) return std::nullopt;
  return choice;
}

ArcChoice read_arcs(const Graph& graph, const std::string& text) {
  const auto parsed = parse_arcs(text);
  if (!parsed)
    throw Error(
        say("--arcs '{0}' should be a head or a layer, perhaps of one token: L0H1, L0 or L0H1:5", text));
  const ArcChoice choice = *parsed;
  const Anatomy anatomy = anatomy_of(graph);
  if (anatomy.head_count() == 0) throw Error(no_attention());
  for (const LayerParts& parts : anatomy.layers)
    for (const HeadParts& head : parts.heads)
      if (head.layer == choice.layer && (choice.head < 0 || head.head == choice.head)) return choice;
  throw Error(say("--arcs '{0}': there is no such head or layer, both are counted from 0", text));
}

Cell read_cell(const Graph& graph, const std::string& text) {
  const size_t second = text.rfind(':'), first = second == 0 ? second : text.rfind(':', second - 1);
  int row = -1, col = -1;
  if (second != std::string::npos && first != std::string::npos && first < second) {
    auto number = [&](size_t from, size_t to, int& value) {
      const auto result = std::from_chars(text.data() + from, text.data() + to, value);
      if (result.ec != std::errc() || result.ptr != text.data() + to) value = -1;
    };
    number(first + 1, second, row);
    number(second + 1, text.size(), col);
  }
  if (row < 0 || col < 0)
    throw Error(say("--cell '{0}' should be a tensor, a row and a column: NAME:ROW:COLUMN", text));
  const std::string name = text.substr(0, first);
  const Tensor& tensor = hook_tensor(graph, name);
  if (row >= tensor.rows.size || col >= tensor.cols.size)
    throw Error(say("--cell '{0}': {1} has {2} rows and {3} columns, counted from 0", text, tensor.name,
                    tensor.rows.size, tensor.cols.size));
  return {&tensor, row, col};
}

void Picture::frame_cell(const Trace& trace) {
  const Cell cell = read_cell(model_->graph(), options_.cell);
  std::vector<Region> reads;
  if (cell.tensor->op) {
    if (cell.row >= trace.rows_known(*cell.tensor, trace.published()) ||
        cell.col >= trace.view(*cell.tensor).cols)
      throw Error(say("--cell '{0}': this cell is not computed", options_.cell));
    reads = cell.tensor->op->reads(*cell.tensor, cell, trace);
  }
  scene_.camera = frame_work(layout_, Camera{}, cell, reads, float(options_.width) / float(options_.height));
}

double position_of(const Trace& trace, const PictureOptions& options) {
  const auto all = double(trace.published());
  if (options.step.empty()) return all;
  const Tensor& tensor = hook_tensor(trace.graph(), options.step);
  if (tensor.step < 0) throw Error(say("'{0}' is a weight: no step computes it", options.step));
  const double part =
      options.cell.empty() && options.at >= 0 ? std::clamp(options.at, 1e-9, 1 - 1e-9) : 0.999;
  return double(trace.step_number({trace.pass_count() - 1, tensor.step})) + part;
}

void render_png(const InputOptions& input, const SamplingWishes& sampling, const PictureOptions& options,
                int new_tokens, int token, const std::string& file) {
  OutputFile output(file);  // complains before anything is computed
  const auto model = input.load();
  std::vector<int> ids = input.tokens(*model);
  if (token >= model->graph().capacity())
    throw Error(say("--token {0} is outside of the context of {1} tokens", token, model->graph().capacity()));
  if (token >= 0 && token < int(ids.size())) ids.resize(size_t(token) + 1);
  if (token >= 0) new_tokens = token - int(ids.size()) + 2;
  Executor executor = Executor::start(model, ids, std::max(new_tokens, 1),
                                      fulfilled(fulfilled({}, model->sampling()), sampling));
  if (token >= 0) executor.ends.clear();  // the picture of that very token is wanted
  while (executor.run_pass()) {
  }
  const Trace& trace = *executor.trace();
  const double position = position_of(trace, options);
  Picture picture(model, trace.token_count(trace.published()), options);
  if (!options.cell.empty() && options.focus.empty()) picture.frame_cell(trace);
  picture.draw(trace, position, 0, Quality::still);
  write_png(picture.read(), output.part(), file);
  output.finish();
}

}  // namespace orrery
