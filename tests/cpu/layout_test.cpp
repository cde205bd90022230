#include "renderer/layout.h"

#include <doctest/doctest.h>

#include <map>
#include <memory>

#include "tests/support/picture.h"
#include "tests/support/shapes.h"

using namespace orrery;
using test::Shape;
using test::Tiles;

namespace {

Layout layout_of(const Graph& graph) {
  LayoutOptions options;
  options.token_rows = token_rows_for(12, graph.capacity());
  return make_layout(graph, options);
}

struct LaidOut {
  explicit LaidOut(const Shape& shape) : graph(shape.graph()), layout(layout_of(graph)) {}
  Graph graph;
  Layout layout;
};

/// Each shape once for all tests: what a layout shows points into its graph.
const LaidOut& laid_out(const Shape& shape) {
  static std::map<std::string, std::unique_ptr<LaidOut>> all;
  std::unique_ptr<LaidOut>& found = all[shape.name];
  if (!found) found = std::make_unique<LaidOut>(shape);
  return *found;
}

struct Solid {
  glm::vec3 low, high;
};

Solid box_of(const Block& block) {
  return {block.corner - glm::vec3(0, block.size().y, block.depth),
          block.corner + glm::vec3(block.size().x, 0, 0)};
}

struct Area {
  float left, right, bottom, top;
  bool meets(const Area& other) const {
    const float e = 1e-3f;
    return left < other.right - e && other.left < right - e && bottom < other.top - e &&
           other.bottom < top - e;
  }
};

/// Where a label's letters stand, with the part below the line.
Area area_of(const Label& label) {
  const float wide = written_width(label), left = label.anchor.x - wide * label.align;
  return {left, left + wide, label.anchor.y, label.anchor.y + 0.75f * label.height};
}

}  // namespace

TEST_CASE("every tensor is drawn whole, each cell once") {
  for (const Shape& shape : test::shapes()) {
    CAPTURE(std::string(shape.name));
    const Graph& graph = laid_out(shape).graph;
    const Layout& layout = laid_out(shape).layout;
    const int token_rows = token_rows_for(12, graph.capacity());
    for (const Tensor* tensor : graph.tensors()) {
      CAPTURE(tensor->name);
      long cells = 0;
      for (int index : layout.blocks_of[size_t(tensor->index)]) {
        const Block& block = layout.blocks[size_t(index)];
        CHECK(block.tensor == tensor);
        CHECK(block.first_row + block.rows <= tensor->rows.size);
        CHECK(block.first_col + block.cols <= tensor->cols.size);
        cells += long(block.rows) * block.cols;
      }
      const int rows = tensor->rows.axis == Axis::token ? token_rows : tensor->rows.size;
      const int cols = tensor->cols.axis == Axis::source || tensor->cols.axis == Axis::token
                           ? token_rows
                           : tensor->cols.size;
      CHECK(cells == long(rows) * cols);
    }
  }
}

TEST_CASE("no two blocks overlap") {
  for (const Shape& shape : test::shapes()) {
    CAPTURE(std::string(shape.name));
    Layout layout = laid_out(shape).layout;
    std::ranges::sort(layout.blocks, {}, [](const Block& block) { return block.corner.x; });
    int overlaps = 0;
    for (size_t i = 0; i < layout.blocks.size(); ++i) {
      const Solid a = box_of(layout.blocks[i]);
      for (size_t j = i + 1; j < layout.blocks.size() && layout.blocks[j].corner.x < a.high.x - 1e-3f; ++j) {
        const Solid b = box_of(layout.blocks[j]);
        const glm::vec3 common = glm::min(a.high, b.high) - glm::max(a.low, b.low);
        if (common.x < 1e-3f || common.y < 1e-3f || common.z < 1e-3f) continue;
        if (++overlaps == 1)
          MESSAGE(layout.blocks[i].tensor->name << " and " << layout.blocks[j].tensor->name << " overlap");
      }
    }
    CHECK(overlaps == 0);
  }
}

TEST_CASE("labels meet neither each other nor blocks that they do not name") {
  for (const Shape& shape : test::shapes()) {
    CAPTURE(std::string(shape.name));
    const Layout& layout = laid_out(shape).layout;
    std::vector<Area> areas, fronts;
    for (const Label& label : layout.labels) areas.push_back(area_of(label));
    for (const Block& block : layout.blocks) {
      const Solid box = box_of(block);
      fronts.push_back({box.low.x, box.high.x, box.low.y, box.high.y});
    }
    int with_labels = 0, with_blocks = 0;
    for (size_t i = 0; i < areas.size(); ++i) {
      const auto name = [&](size_t label) { return layout.labels[label].text.english(); };
      for (size_t j = i + 1; j < areas.size(); ++j)
        if (areas[i].meets(areas[j]) && ++with_labels == 1) MESSAGE(name(i) << " meets " << name(j));
      for (size_t j = 0; j < fronts.size(); ++j)
        if (areas[i].meets(fronts[j]) && ++with_blocks == 1)
          MESSAGE(name(i) << " sits on " << layout.blocks[j].tensor->name);
    }
    CHECK(with_labels == 0);
    CHECK(with_blocks == 0);
  }
}

TEST_CASE("a product stands as in a textbook: weights above with columns aligned, rows in line") {
  const Graph graph = test::shapes()[0].graph();
  const Layout layout = layout_of(graph);
  auto block = [&](const char* name) {
    return layout.blocks[size_t(layout.blocks_of[size_t(graph.at(name).index)][0])];
  };
  const Block x = block("blocks.1.ln2.out"), weights = block("blocks.1.mlp.W_in"),
              y = block("blocks.1.mlp.hook_pre");
  CHECK(weights.corner.x == y.corner.x);
  CHECK(weights.cell.x == y.cell.x);
  CHECK(weights.corner.y - weights.size().y > y.corner.y);
  CHECK(x.corner.y == y.corner.y);
  CHECK(x.cell.y == y.cell.y);
  CHECK(x.corner.x + x.size().x < y.corner.x);
  // P V = z: P left of z with rows in line, V above z with columns in line.
  const Block pattern = block("blocks.1.attn.hook_pattern.head0"),
              values = block("blocks.1.attn.hook_v.head0"), mixed = block("blocks.1.attn.hook_z.head0");
  CHECK(pattern.corner.y == doctest::Approx(mixed.corner.y));
  CHECK(pattern.corner.x + pattern.size().x < mixed.corner.x);
  CHECK(values.corner.x == mixed.corner.x);
  CHECK(values.corner.y > mixed.corner.y);
}

TEST_CASE("a whole three-layer model fills the picture, nothing cut off") {
  for (const Shape& shape : test::shapes()) {
    CAPTURE(std::string(shape.name));
    const Layout& layout = laid_out(shape).layout;
    const Camera camera = frame_whole(layout, Camera{}, 16 / 9.f);
    Tiles tiles(1280, 720);
    tiles.add(layout, camera);
    CHECK_FALSE(tiles.outside);
    MESSAGE(std::string(shape.name) << ": " << 100 * tiles.coverage() << " % of tiles");
    if (shape.layers == 3) CHECK(tiles.coverage() >= 0.45);
    if (shape.layers >= 12) CHECK(tiles.coverage() >= 0.45);
    if (shape.changes) CHECK(tiles.coverage() >= 0.38);
  }
}

TEST_CASE("a part with many steps stands in stacks, each result beside or below what it reads") {
  const Graph graph = test::of_folder("rwkv7").graph();
  const Layout layout = layout_of(graph);
  const auto block = [&](const std::string& name) {
    return layout.blocks[size_t(layout.blocks_of[size_t(graph.at("blocks.1.att." + name).index)][0])];
  };
  // A narrow network's middle stands left of what it becomes, its rows in line.
  const Block low = block("hook_w_low"), wide = block("hook_raw_w.head0");
  CHECK(low.corner.y == doctest::Approx(wide.corner.y));
  CHECK(low.corner.x + low.size().x < wide.corner.x);
  const auto before = [](const Block& a, const Block& b) {
    return a.corner.x + a.size().x <= b.corner.x || a.corner.y - a.size().y >= b.corner.y;
  };
  CHECK(before(block("hook_mix_w"), low));
  for (const char* read : {"hook_w.head0", "hook_kk.head0", "hook_a.head0", "hook_k.head0", "hook_v.head0"})
    CHECK(before(block(read), block("hook_state.head0")));
  CHECK(before(block("hook_state.head0"), block("hook_y.head0")));
  CHECK(before(block("hook_g.head0"), block("hook_z.head0")));
}

TEST_CASE("a router's numbers stand below each other, what its experts say in line with their mix") {
  const Graph graph = test::of_folder("mixtral").graph();
  const Layout layout = layout_of(graph);
  const auto block = [&](const std::string& name) {
    return layout.blocks[size_t(layout.blocks_of[size_t(graph.at("blocks.1." + name).index)][0])];
  };
  const char* parts[] = {"mlp.hook_gate", "mlp.hook_expert_weights", "mlp.hook_expert_indices",
                         "mlp.hook_expert_shares", "mlp.hook_expert_load"};
  for (size_t i = 1; i < std::size(parts); ++i) {
    CAPTURE(std::string(parts[i]));
    const Block above = block(parts[i - 1]), below = block(parts[i]);
    CHECK(below.corner.x == above.corner.x);
    CHECK(below.corner.y < above.corner.y - above.size().y);
  }
  CHECK(block("hook_mlp_out").corner.y == block("mlp.experts.0.hook_expert_out").corner.y);
}

TEST_CASE("rows of tokens that are laid out") {
  CHECK(token_rows_for(1, 11) == 11);
  CHECK(token_rows_for(5, 1024) == 16);
  CHECK(token_rows_for(17, 1024) == 32);
  CHECK(token_rows_for(1000, 1024) == 1024);
  CHECK(token_rows_for(40, 48) == 48);
}

TEST_CASE(
    "a table that also makes the logits is joined to them by a way around everything, with a word there") {
  for (const Shape& shape : test::shapes()) {
    CAPTURE(std::string(shape.name));
    const Graph& graph = laid_out(shape).graph;
    const Layout& layout = laid_out(shape).layout;
    const Tensor* table = nullptr;
    for (const Tensor* input : graph.logits().inputs)
      if (input->role == Role::weight && graph.readers(*input).size() > 1) table = input;
    std::vector<Strand> way;
    std::ranges::copy_if(layout.strands, std::back_inserter(way), &Strand::around);
    const bool named = std::ranges::any_of(layout.labels, [](const Label& label) {
      return label.text.english() == "The token table again, transposed";
    });
    CHECK(way.empty() == (table == nullptr));
    CHECK(named == (table != nullptr));
    if (!table || way.empty()) continue;
    // It is one line from the rim of the one to the rim of the other.
    auto touches = [&](glm::vec3 point, const Tensor& tensor) {
      return std::ranges::any_of(layout.blocks_of[size_t(tensor.index)], [&](int index) {
        const Solid box = box_of(layout.blocks[size_t(index)]);
        return glm::all(glm::greaterThanEqual(point, box.low - 1e-2f)) &&
               glm::all(glm::lessThanEqual(point, box.high + 1e-2f));
      });
    };
    CHECK(touches(way.front().points[0], *table));
    CHECK(touches(way.back().points[3], graph.logits()));
    int crossed = 0;
    for (size_t i = 0; i < way.size(); ++i) {
      CHECK(way[i].from == table);
      CHECK(way[i].to == &graph.logits());
      if (i > 0) CHECK(glm::length(way[i].points[0] - way[i - 1].points[3]) < 1e-3f);
      for (int sample = 0; sample <= 50; ++sample) {
        const float t = float(sample) / 50, s = 1 - t;
        const auto& p = way[i].points;
        const glm::vec3 at =
            s * s * s * p[0] + 3 * s * s * t * p[1] + 3 * s * t * t * p[2] + t * t * t * p[3];
        const float e = 1e-2f;
        const Area point{at.x - e, at.x + e, at.y - e, at.y + e};
        for (const Block& block : layout.blocks) {
          const Solid box = box_of(block);
          const bool own = block.tensor == table || block.tensor == &graph.logits();
          if (!own && point.meets({box.low.x, box.high.x, box.low.y, box.high.y}) && ++crossed == 1)
            MESSAGE("it crosses " << block.tensor->name);
        }
        for (const Label& label : layout.labels)
          if (point.meets(area_of(label)) && ++crossed == 1) MESSAGE("it crosses " << label.text.english());
      }
    }
    CHECK(crossed == 0);
  }
}
