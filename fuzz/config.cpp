#include "model/config.h"

#include <cstdint>

#include "model/formats/json.h"
#include "model/message.h"

using namespace orrery;

/// Any bytes as a config.json, each field read as every type that it could have.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  try {
    nlohmann::json json = parse_json({reinterpret_cast<const char*>(data), size}, "input");
    if (!json.is_object()) return 0;
    Config config(json, "input");
    for (auto field = json.begin(); field != json.end(); ++field) {
      const std::string& key = field.key();
      auto attempt = [](auto read) {
        try {
          read();
        } catch (const Error&) {
        }
      };
      attempt([&] {
        int number = config.integer(key, -5, 1 << 20);
        if (number < -5 || number > 1 << 20) __builtin_trap();
      });
      attempt([&] {
        int number = config.integer(key, -7, -2, -3);
        if (number < -7 || number > -2) __builtin_trap();
      });
      attempt([&] { config.number(key, 0); });
      attempt([&] { config.boolean(key, false); });
      attempt([&] { config.text(key, ""); });
    }
  } catch (const Error&) {
  }
  return 0;
}
