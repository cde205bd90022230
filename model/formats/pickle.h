#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace orrery {

/// A value of a pickle: data only. What the pickle asks to be called is kept as a record of that wish.
struct PickleValue {
  enum class Type {
    none,
    boolean,
    integer,
    number,
    text,
    list,
    tuple,
    dictionary,  ///< `items` are key, value, key, value, ...
    global,      ///< `text` is "module name"
    call,        ///< `items` are a global and the tuple of its arguments
    reference    ///< `items[0]` names something outside of the pickle
  };
  Type type = Type::none;
  std::int64_t integer = 0;  ///< of booleans, too
  double number = 0;
  std::string text;
  std::vector<const PickleValue*> items;

  bool is(Type wanted) const { return type == wanted; }
  /// The value of a text key; null if there is none or this is no dictionary.
  const PickleValue* find(const std::string& key) const;
};

/// A pickle that was read; owns its values, which may refer to each other in circles.
struct Pickle {
  std::deque<PickleValue> values;
  const PickleValue* root = nullptr;
};

/// Reads a pickle of Python's protocols 2 to 5 without executing anything: only operations that build data
/// and only the globals that checkpoints of weights need are let through (reference section 15.4; the
/// operations: CPython's Lib/pickletools.py). Memory is bounded by the size of the pickle. Throws Error
/// naming `file`, the operation or global, and the byte.
Pickle read_pickle(std::span<const std::byte> bytes, const std::string& file);

}  // namespace orrery
