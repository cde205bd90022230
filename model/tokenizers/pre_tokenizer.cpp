#include "model/tokenizers/pre_tokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <memory>

#include "model/message.h"

namespace orrery {

namespace {

// GPT-2's pattern with Unicode's White_Space spelled out: PCRE2's own \s takes in U+180E as well.
#define SPACES R"(\x09-\x0d\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})"
constexpr char pattern[] = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{L}\p{N})" SPACES
                           R"(]+|[)" SPACES R"(]+(?![^)" SPACES R"(])|[)" SPACES R"(]+)";
#undef SPACES

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};
struct FreeContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

const pcre2_code* compiled() {
  static const std::unique_ptr<pcre2_code, FreeCode> code = [] {
    int error;
    PCRE2_SIZE place;
    return std::unique_ptr<pcre2_code, FreeCode>(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern),
                                                               sizeof pattern - 1, PCRE2_UTF | PCRE2_UCP,
                                                               &error, &place, nullptr));
  }();
  if (!code) throw Error(say("PCRE2 has no Unicode support, which reading GPT-2's tokens needs."));
  return code.get();
}

}  // namespace

std::vector<std::string_view> gpt2_pieces(std::string_view text) {
  const pcre2_code* code = compiled();
  std::unique_ptr<pcre2_match_data, FreeMatch> match(pcre2_match_data_create(1, nullptr));
  std::unique_ptr<pcre2_match_context, FreeContext> context(pcre2_match_context_create(nullptr));
  if (!match || !context) throw std::bad_alloc();
  // The pattern backtracks by one character at most; the limits are there should that ever change.
  pcre2_set_match_limit(context.get(), 1'000'000);
  pcre2_set_heap_limit(context.get(), 64 << 10);  // KiB
  std::vector<std::string_view> pieces;
  for (size_t begin = 0; begin < text.size();) {
    // The text is valid UTF-8; having it checked again for each piece would take quadratic time.
    int found = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), begin,
                            PCRE2_ANCHORED | PCRE2_NO_UTF_CHECK, match.get(), context.get());
    size_t end = found > 0 ? pcre2_get_ovector_pointer(match.get())[1] : begin;
    if (end <= begin) throw Error(say("The text cannot be cut into words (byte {0}).", begin));
    pieces.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return pieces;
}

}  // namespace orrery
