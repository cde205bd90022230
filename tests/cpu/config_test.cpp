#include "model/config.h"

#include <doctest/doctest.h>

#include "model/formats/json.h"
#include "model/message.h"
#include "tests/support/temporary_folder.h"

using namespace orrery;
using orrery::test::error_of;

namespace {

Config config(const std::string& text) { return Config(parse_json(text, "c.json"), "c.json"); }

}  // namespace

TEST_CASE("fields, their defaults and null") {
  Config file = config(R"({"n": 3, "x": 2.5, "whole": 4, "on": true, "name": "gpt2", "none": null})");
  CHECK(file.integer("n", 1, 10) == 3);
  CHECK(file.integer("missing", 1, 10, 7) == 7);
  CHECK(file.integer("none", 1, 10, 7) == 7);
  CHECK(file.number("x", 1) == 2.5);
  CHECK(file.number("whole", 1) == 4);
  CHECK(file.number("none", 1.5) == 1.5);
  CHECK(file.boolean("on", false));
  CHECK_FALSE(file.boolean("missing", false));
  CHECK(file.text("name", "") == "gpt2");
  CHECK(file.text("missing", "none") == "none");
  CHECK(file.has("n"));
  CHECK_FALSE(file.has("none"));
}

TEST_CASE("wrong fields: the sentence names file, field and value") {
  Config file = config(R"({"n": 11, "text": "x", "list": [1], "half": 1.5, "huge": 18446744073709551615,
    "low": -9223372036854775808, "on": 1})");
  auto integer = [&](const char* key) { return error_of([&] { file.integer(key, 1, 10); }); };
  CHECK(integer("missing") == "c.json: the field missing is missing.");
  CHECK(integer("n") == "c.json: the field n must be a whole number from 1 to 10, not 11.");
  CHECK(integer("text") == "c.json: the field text must be a whole number from 1 to 10, not \"x\".");
  CHECK(integer("list") == "c.json: the field list must be a whole number from 1 to 10, not [...].");
  CHECK(integer("half").find("not 1.5") != std::string::npos);
  CHECK(integer("huge").find("not 18446744073709551615") != std::string::npos);
  CHECK(integer("low").find("not -9223372036854775808") != std::string::npos);
  CHECK(error_of([&] { file.integer("huge", -10, -5); }).find("not 18446744073709551615") !=
        std::string::npos);
  CHECK(error_of([&] { config("{\"zero\": 0}").integer("zero", -10, -5); }).find("not 0") !=
        std::string::npos);
  CHECK(error_of([&] { file.number("text", 1); }) == "c.json: the field text must be a number, not \"x\".");
  CHECK(error_of([&] { file.boolean("on", true); }) == "c.json: the field on must be true or false, not 1.");
  CHECK(error_of([&] { file.text("n", ""); }) == "c.json: the field n must be a text, not 11.");
}

TEST_CASE("JSON that is malformed, too deep or repeats a name") {
  CHECK(error_of([] { config(""); }) == "c.json is empty.");
  CHECK(error_of([] { config("{\"a\": 1,\n}"); }).find("not valid JSON (line 2") != std::string::npos);
  CHECK(error_of([] { config("{\"a\": 1e999}"); }) == "c.json holds a number that is too large.");
  CHECK(error_of([] { config("{\"a\": {\"b\": 1, \"b\": 2}}"); }) == "c.json: the name \"b\" occurs twice.");
  CHECK(error_of([] { config("{\"a\": {\"b\": 1}, \"c\": {\"b\": 2}}"); }) == "");
  CHECK(error_of([] { config(std::string(1'000'000, '[')); }).find("nested deeper than 32") !=
        std::string::npos);
  CHECK(error_of([] { parse_json("[1,2,3]", "c.json", {.values = 2}); }) ==
        "c.json holds more than 2 values.");
  CHECK(json_excerpt(std::string(100, 'x')).size() == 60);
}
