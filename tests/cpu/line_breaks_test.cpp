#include "app/line_breaks.h"

#include <doctest/doctest.h>

using namespace orrery::ui;

namespace {
/// A Latin letter is one wide, an ideograph two.
float width_of(const char* begin, const char* end) {
  float width = 0;
  for (const char* at = begin; at < end; ++at) width += (*at & 0xc0) == 0x80 ? 0 : (*at & 0x80) ? 2 : 1;
  return width;
}
std::string broken(const std::string& words, float width) {
  return broken_into_lines(words, width, width_of);
}
}  // namespace

TEST_CASE("Chinese breaks between characters, Latin words stay whole") {
  CHECK(broken("一二三四五六", 6) == "一二三\n四五六");
  CHECK(broken("一二三四五六", 7) == "一二三\n四五六");
  CHECK(broken("分數就高。softmax把它們", 12) == "分數就高。\nsoftmax把它\n們");
  CHECK(broken("two words here", 9) == "two words\nhere");
  CHECK(broken("詞元 4 的值", 9) == "詞元 4 的\n值");
  CHECK(broken("a\nb", 9) == "a\nb");
  CHECK(broken("", 9).empty());
}

TEST_CASE("no line begins with closing punctuation or ends with an opening bracket") {
  CHECK(broken("一二三，四", 6) == "一二\n三，四");
  CHECK(broken("一二（三四）五", 6) == "一二\n（三\n四）五");
  CHECK(broken("你「好」", 4) == "你\n「好」");  // a piece that is too wide stands alone
}

TEST_CASE("broken UTF-8 is kept byte by byte") {
  const std::string bad = "a\xff\xe4\xb8";
  CHECK(broken(bad, 100) == bad);
  CHECK_FALSE(has_ideographs("plain, 0.5 × W"));
  CHECK(has_ideographs("the token 春"));
}
