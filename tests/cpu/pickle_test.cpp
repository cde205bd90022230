#include "model/formats/pickle.h"

#include <doctest/doctest.h>

#include "model/formats/torch_checkpoint.h"
#include "model/message.h"
#include "tests/support/temporary_folder.h"

using namespace orrery;
using orrery::test::error_of;
using Type = PickleValue::Type;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

Pickle pickle_of(const std::string& text) { return read_pickle(bytes_of(text), "file"); }
std::string pickle_error(const std::string& text) {
  return error_of([&] { pickle_of(text); });
}

}  // namespace

TEST_CASE("values of every kind, as Python writes them") {
  // pickle.dumps({'a': [1, 300, -2, 2.5, None, True], 'ä': (70000, False)}, 2)
  const std::string whole(
      "\x80\x02}q\x00(X\x01\x00\x00\x00"
      "aq\x01]q\x02(K\x01M,\x01J\xfe\xff\xff\xffG@\x04\x00\x00\x00\x00\x00\x00N\x88"
      "eX\x02\x00\x00\x00\xc3\xa4q\x03Jp\x11\x01\x00\x89\x86q\x04u.",
      60);
  const Pickle pickle = pickle_of(whole);
  const PickleValue* list = pickle.root->find("a");
  REQUIRE(list);
  REQUIRE(list->items.size() == 6);
  CHECK(list->items[0]->integer == 1);
  CHECK(list->items[1]->integer == 300);
  CHECK(list->items[2]->integer == -2);
  CHECK(list->items[3]->number == 2.5);
  CHECK(list->items[4]->is(Type::none));
  CHECK(list->items[5]->integer == 1);
  const PickleValue* tuple = pickle.root->find("ä");
  REQUIRE(tuple);
  CHECK(tuple->is(Type::tuple));
  CHECK(tuple->items[0]->integer == 70000);
  CHECK(tuple->items[1]->is(Type::boolean));
  CHECK_FALSE(pickle.root->find("b"));
  for (size_t length = 0; length < whole.size(); ++length)
    CHECK_FALSE(pickle_error(whole.substr(0, length)).empty());
}

TEST_CASE("integers of any length up to eight bytes") {
  const auto value = [](const std::string& digits) {
    const std::string text = std::string("\x80\x02\x8a") + char(digits.size()) + digits + ".";
    return pickle_of(text).root->integer;
  };
  CHECK(value("") == 0);
  CHECK(value("\xff") == -1);
  CHECK(value(std::string("\xff\x00", 2)) == 255);
  CHECK(value(std::string("\x00\x00\x00\x00\x01", 5)) == 1LL << 32);
  CHECK(value(std::string("\x00\x00\x00\x00\x00\x00\x00\x80", 8)) == INT64_MIN);
  CHECK(pickle_error(std::string("\x80\x02\x8a\x09", 4) + std::string(9, 'x') + ".").find("damaged") !=
        std::string::npos);
}

TEST_CASE("nothing but data is let through") {
  // What pickle.dumps writes for os.system and for a class, and other ways to call something.
  CHECK(pickle_error("\x80\x02"
                     "cposix\nsystem\nX\x02\x00\x00\x00ls\x85R.")
            .find("posix system") != std::string::npos);
  CHECK(pickle_error(std::string("\x80\x02"
                                 "cposix\nsystem\n.")) ==
        "file: the pickle asks for posix system, which weights do not need; nothing was executed.");
  CHECK(pickle_error("\x80\x02"
                     "cbuiltins\neval\n.")
            .find("builtins eval") != std::string::npos);
  for (const char* code :
       {"i", "o", "\x81", "\x92", "\x93", "P", "\x82", "2", "0", "1", "T", "B", "\x8d", "\x96"})
    CHECK(pickle_error(std::string("\x80\x02N") + code + std::string(16, '\0'))
              .find("which weights do not need") != std::string::npos);
  CHECK(pickle_error("\x80\x02NNR.").find("damaged") != std::string::npos);    // no function
  CHECK(pickle_error("\x80\x02h\x07.").find("damaged") != std::string::npos);  // nothing was remembered
  CHECK(pickle_error("\x80\x02}(Nu.").find("damaged") != std::string::npos);   // a key without a value
  CHECK(pickle_error("\x80\x02(]a.").find("damaged") != std::string::npos);    // nothing to append to
  CHECK(pickle_error("\x80\x01N.").find("damaged") != std::string::npos);      // a protocol of text
  CHECK(pickle_error("\x80\x02X\xff\xff\xff\x7f.").find("damaged") != std::string::npos);
  CHECK(pickle_error("\x80\x02t.").find("damaged") != std::string::npos);  // no mark
}

TEST_CASE("a list that holds itself is read, and harmless") {
  const Pickle pickle =
      pickle_of(std::string("\x80\x02]q\x00h\x00"
                            "a.",
                            9));
  REQUIRE(pickle.root->items.size() == 1);
  CHECK(pickle.root->items[0] == pickle.root);
}

TEST_CASE("characters of meta.pkl must be each other's inverse") {
  const auto meta = [](const std::string& by_id, const std::string& by_text) {
    const std::string text = std::string("\x80\x02}(X\x04\x00\x00\x00itos}(", 15) + by_id +
                             std::string("uX\x04\x00\x00\x00stoi}(", 12) + by_text + "uu.";
    return read_nanogpt_characters(bytes_of(text), "file");
  };
  const std::string a(
      "X\x01\x00\x00\x00"
      "a",
      6),
      b("X\x01\x00\x00\x00"
        "b",
        6),
      zero("K\x00", 2), first("K\x01");
  CHECK(meta(zero + a + first + b, a + zero + b + first) == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(error_of([&] { meta(zero + a + first + b, a + first + b + zero); }).empty());
  CHECK_FALSE(error_of([&] { meta(zero + a, a + first); }).empty());
  CHECK_FALSE(error_of([&] { meta(first + a, a + first); }).empty());
  CHECK_FALSE(error_of([&] { meta(a + a, a + zero); }).empty());
}
