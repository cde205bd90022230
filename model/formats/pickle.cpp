#include "model/formats/pickle.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <unordered_map>

#include "model/formats/byte_reader.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

namespace {

using Type = PickleValue::Type;

constexpr size_t most_pickle_values = 4'000'000, longest_pickle_text = 1 << 20;

/// What PyTorch's checkpoints name. Nothing of it is ever called.
constexpr const char* known_globals[] = {"collections OrderedDict",
                                         "torch._utils _rebuild_tensor_v2",
                                         "torch._utils _rebuild_parameter",
                                         "torch FloatStorage",
                                         "torch DoubleStorage",
                                         "torch HalfStorage",
                                         "torch BFloat16Storage",
                                         "torch LongStorage",
                                         "torch IntStorage",
                                         "torch ShortStorage",
                                         "torch CharStorage",
                                         "torch ByteStorage",
                                         "torch BoolStorage",
                                         "torch.storage UntypedStorage",
                                         "numpy.core.multiarray scalar",
                                         "numpy._core.multiarray scalar",
                                         "numpy dtype",
                                         "_codecs encode"};

class Unpickler {
 public:
  Unpickler(std::span<const std::byte> bytes, const std::string& file) : reader_(bytes, file), file_(file) {}

  Pickle read() {
    for (;;) {
      const auto code = reader_.read<std::uint8_t>();
      if (code == '.') break;
      run(code);
    }
    result_.root = pop();
    return std::move(result_);
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(say("{0}: the pickle is damaged at byte {1}.", file_, reader_.at()));
  }

  void run(std::uint8_t code) {
    switch (code) {
      case 0x80:  // PROTO
        if (const auto version = reader_.read<std::uint8_t>(); version < 2 || version > 5) fail();
        return;
      case 0x95:  // FRAME: how much to read ahead
        reader_.read<std::uint64_t>();
        return;
      case 'N':
        push(Type::none);
        return;
      case 0x88:  // NEWTRUE, NEWFALSE
      case 0x89:
        push(Type::boolean).integer = code == 0x88;
        return;
      case 'K':  // BININT1, BININT2, BININT, LONG1
        return integer(reader_.read<std::uint8_t>());
      case 'M':
        return integer(reader_.read<std::uint16_t>());
      case 'J':
        return integer(reader_.read<std::int32_t>());
      case 0x8a:
        return integer(long_integer());
      case 'G':  // BINFLOAT, the one number that is big-endian
        push(Type::number).number = std::bit_cast<double>(__builtin_bswap64(reader_.read<std::uint64_t>()));
        return;
      case 'X':  // BINUNICODE, SHORT_BINUNICODE
        return text(reader_.read<std::uint32_t>());
      case 0x8c:
        return text(reader_.read<std::uint8_t>());
      default:
        return run_structure(code);
    }
  }

  void run_structure(std::uint8_t code) {
    switch (code) {
      case '(':  // MARK
        marks_.push_back(stack_.size());
        if (marks_.size() > most_pickle_values) fail();
        return;
      case ']':  // EMPTY_LIST, EMPTY_DICT, EMPTY_TUPLE
        push(Type::list);
        return;
      case '}':
        push(Type::dictionary);
        return;
      case ')':
        push(Type::tuple);
        return;
      case 't':  // TUPLE, TUPLE1, TUPLE2, TUPLE3
        return gather(Type::tuple, mark());
      case 0x85:
      case 0x86:
      case 0x87:
        return gather(Type::tuple, below(code - 0x84u));
      case 'a':  // APPEND, APPENDS, SETITEM, SETITEMS
        return extend(Type::list, below(1));
      case 'e':
        return extend(Type::list, mark());
      case 's':
        return extend(Type::dictionary, below(2));
      case 'u':
        return extend(Type::dictionary, mark());
      default:
        return run_reference(code);
    }
  }

  void run_reference(std::uint8_t code) {
    switch (code) {
      case 'q':  // BINPUT, LONG_BINPUT, MEMOIZE
        return remember(reader_.read<std::uint8_t>());
      case 'r':
        return remember(reader_.read<std::uint32_t>());
      case 0x94:
        return remember(std::uint32_t(memory_.size()));
      case 'h':  // BINGET, LONG_BINGET
        return recall(reader_.read<std::uint8_t>());
      case 'j':
        return recall(reader_.read<std::uint32_t>());
      case 'c':  // GLOBAL
        return global();
      case 'Q':  // BINPERSID
        return gather(Type::reference, below(1));
      case 'R':  // REDUCE
        return call();
      case 'b':  // BUILD: attributes of an object, of which weights have none
        pop();
        below(1);
        return;
      default: {
        char hex[8];
        std::snprintf(hex, sizeof hex, "0x%02x", code);
        throw Error(
            say("{0}: the pickle has the operation {1} at byte {2}, which weights do not need; nothing was "
                "executed.",
                file_, hex, reader_.at() - 1));
      }
    }
  }

  PickleValue& push(Type type) {
    if (result_.values.size() >= most_pickle_values)
      throw Error(say("{0} holds more than {1} values.", file_, most_pickle_values));
    PickleValue& value = result_.values.emplace_back();
    value.type = type;
    stack_.push_back(&value);
    return value;
  }

  PickleValue* pop() {
    PickleValue* top = stack_[below(1)];
    stack_.pop_back();
    return top;
  }

  /// The place in the stack of the upper `count` values, all above the last mark.
  size_t below(size_t count) const {
    const size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() - floor < count) fail();
    return stack_.size() - count;
  }

  size_t mark() {
    if (marks_.empty()) fail();
    const size_t place = marks_.back();
    marks_.pop_back();
    return place;
  }

  /// Makes one value of those from `place` on.
  void gather(Type type, size_t place) {
    const std::vector<const PickleValue*> items(stack_.begin() + std::ptrdiff_t(place), stack_.end());
    stack_.resize(place);
    push(type).items = items;
  }

  /// Puts the values from `place` on into the container below them.
  void extend(Type type, size_t place) {
    const size_t floor = marks_.empty() ? 0 : marks_.back();
    if (place <= floor || !stack_[place - 1]->is(type)) fail();
    if (type == Type::dictionary && (stack_.size() - place) % 2 != 0) fail();
    auto& items = stack_[place - 1]->items;
    items.insert(items.end(), stack_.begin() + std::ptrdiff_t(place), stack_.end());
    stack_.resize(place);
  }

  void integer(std::int64_t value) { push(Type::integer).integer = value; }

  std::int64_t long_integer() {
    const auto length = reader_.read<std::uint8_t>();
    if (length > 8) fail();
    std::uint64_t bits = 0;
    const auto bytes = reader_.take(length);
    for (size_t i = 0; i < bytes.size(); ++i) bits |= std::uint64_t(bytes[i]) << 8 * i;
    const int unused = 64 - 8 * length;
    return length == 0 ? 0 : std::int64_t(bits << unused) >> unused;
  }

  void text(std::uint32_t length) {
    if (length > longest_pickle_text) fail();
    const std::string_view bytes = reader_.text(length);
    if (!is_utf8(bytes)) fail();
    push(Type::text).text = bytes;
  }

  static bool is_utf8(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t length = character_length(bytes);
      if (length == 0) return false;
      bytes.remove_prefix(length);
    }
    return true;
  }

  void remember(std::uint32_t place) { memory_[place] = stack_[below(1)]; }

  void recall(std::uint32_t place) {
    const auto found = memory_.find(place);
    if (found == memory_.end() || stack_.size() >= most_pickle_values) fail();
    stack_.push_back(found->second);
  }

  /// A name up to the end of its line.
  std::string line() {
    constexpr size_t longest = 256;
    std::string name;
    for (char letter; (letter = reader_.text(1)[0]) != '\n'; name += letter)
      if (letter < 32 || letter > 126 || name.size() >= longest) fail();
    return name;
  }

  void global() {
    const std::string module = line();
    const std::string name = module + " " + line();
    if (std::ranges::find(known_globals, name) == std::end(known_globals))
      throw Error(
          say("{0}: the pickle asks for {1}, which weights do not need; nothing was executed.", file_, name));
    push(Type::global).text = name;
  }

  /// An ordered dictionary becomes a dictionary, every other call a record of itself.
  void call() {
    const size_t place = below(2);
    const PickleValue &callee = *stack_[place], &arguments = *stack_[place + 1];
    if (!callee.is(Type::global) || !arguments.is(Type::tuple)) fail();
    if (callee.text != "collections OrderedDict") return gather(Type::call, place);
    if (!arguments.items.empty()) fail();
    stack_.resize(place);
    push(Type::dictionary);
  }

  ByteReader reader_;
  const std::string& file_;
  Pickle result_;
  std::vector<PickleValue*> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<std::uint32_t, PickleValue*> memory_;
};

}  // namespace

const PickleValue* PickleValue::find(const std::string& key) const {
  if (type != Type::dictionary) return nullptr;
  for (size_t i = items.size(); i >= 2; i -= 2)  // of equal keys the last one counts
    if (items[i - 2]->is(Type::text) && items[i - 2]->text == key) return items[i - 1];
  return nullptr;
}

Pickle read_pickle(std::span<const std::byte> bytes, const std::string& file) {
  return Unpickler(bytes, file).read();
}

}  // namespace orrery
