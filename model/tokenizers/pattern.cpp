#include "model/tokenizers/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <new>

#include "model/message.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

struct Pattern::Code {
  explicit Code(pcre2_code* compiled) : code(compiled) {}
  ~Code() { pcre2_code_free(code); }
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  pcre2_code* const code;
};

namespace {

constexpr size_t longest_expression = 4096;  // bytes; the longest in use has about 300

struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};
struct FreeContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

/// PCRE2's \s takes in U+180E, and its \w leaves out marks: both are spelled out, as Unicode has them.
constexpr char spaces[] =
    R"(\x09-\x0d\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr char word[] = R"(\p{L}\p{M}\p{Nl}\p{Nd}\p{Pc}\x{24b6}-\x{24e9})";

/// The expression as PCRE2 has to be given it; empty if there is no way to say it. An inner class joins the
/// outer one, as in Oniguruma, which Hugging Face uses; PCRE2 knows no inner ones.
std::string for_pcre2(std::string_view expression) {
  std::string result;
  int classes = 0;  // that are open
  for (size_t i = 0; i < expression.size(); ++i) {
    const std::string_view rest = expression.substr(i);
    const bool in_class = classes > 0;
    if (rest[0] != '\\' || rest.size() == 1) {
      const size_t name_end = in_class && rest.starts_with("[:") ? rest.find(":]") : rest.npos;
      if (name_end != rest.npos) {  // a class with a name, such as [:alpha:]
        result += rest.substr(0, name_end + 2);
        i += name_end + 1;
        continue;
      }
      if (in_class && (rest.starts_with("[^") || rest.starts_with("&&"))) return "";
      const bool opens = rest[0] == '[', closes = in_class && rest[0] == ']';
      classes += int(opens) - int(closes);
      // A hyphen beside an inner bracket would become a range.
      const bool inner = (opens && in_class) || (closes && classes > 0);
      if (inner && (result.back() == '-' || (rest.size() > 1 && rest[1] == '-'))) return "";
      if (!in_class || !opens)
        if (!closes || classes == 0) result += rest[0];
      continue;
    }
    char next = expression[++i];
    const char* members = next == 's' || next == 'S' ? spaces : next == 'w' || next == 'W' ? word : nullptr;
    bool negated = next == 'S' || next == 'W';
    if (!members || (negated && in_class))
      (result += '\\') += next;
    else if (in_class)
      result += members;
    else
      ((result += negated ? "[^" : "[") += members) += ']';
  }
  return result;
}

/// Searches one text. What PCRE2 may do in one search is bounded; a search that needs more is given more out
/// of one store for the whole text, so that no expression makes the work more than proportional to the text.
class Search {
 public:
  Search(const pcre2_code* code, std::string_view text)
      : code_(code),
        text_(text),
        match_(pcre2_match_data_create(1, nullptr)),
        context_(pcre2_match_context_create(nullptr)),
        store_(20'000'000 + 64 * text.size()) {
    if (!match_ || !context_) throw std::bad_alloc();
    pcre2_set_heap_limit(context_.get(), 64 << 10);  // KiB
  }

  /// The first match from byte `begin` on; false if there is none.
  bool find(size_t begin, TextRange& range) {
    constexpr size_t first_limit = 500;
    for (size_t limit = first_limit;; limit *= 16) {
      pcre2_set_match_limit(context_.get(), std::uint32_t(limit));
      // The text is valid UTF-8; having it checked again for each piece would take quadratic time.
      int found = pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(), begin,
                              PCRE2_NO_UTF_CHECK, match_.get(), context_.get());
      if (found == PCRE2_ERROR_NOMATCH) return false;
      if (found >= 0) {
        const PCRE2_SIZE* places = pcre2_get_ovector_pointer(match_.get());
        range = {places[0], places[1]};
        // \K in a lookaround can put the start behind the end, or before the search.
        if (range.begin <= range.end && range.begin >= begin) return true;
      }
      if (found != PCRE2_ERROR_MATCHLIMIT || limit * 16 > store_)
        throw Error(say("The text cannot be cut into words (byte {0}).", begin));
      store_ -= limit * 16;
    }
  }

 private:
  const pcre2_code* code_;
  std::string_view text_;
  std::unique_ptr<pcre2_match_data, FreeMatch> match_;
  std::unique_ptr<pcre2_match_context, FreeContext> context_;
  size_t store_;
};

}  // namespace

Pattern Pattern::literal(std::string text) {
  Pattern pattern;
  pattern.literal_ = std::move(text);
  return pattern;
}

Pattern Pattern::expression(std::string_view expression, const std::string& file) {
  int error = 0;
  PCRE2_SIZE place = 0;
  Pattern pattern;
  if (expression.size() > longest_expression)
    throw Error(say("{0}: a pattern is longer than {1} bytes.", file, longest_expression));
  std::string source = for_pcre2(expression);
  if (source.empty() && !expression.empty())
    throw Error(say("{0}: a pattern has a class of characters made of others, which cannot be read.", file));
  pattern.code_ = std::make_shared<Code>(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(source.data()), source.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &place, nullptr));
  if (!pattern.code_->code) {
    PCRE2_UCHAR reason[200] = "";
    pcre2_get_error_message(error, reason, sizeof reason);
    throw Error(say("{0}: a pattern cannot be read: {1}.", file, reinterpret_cast<const char*>(reason)));
  }
  return pattern;
}

std::vector<TextRange> Pattern::find_all(std::string_view text) const {
  std::vector<TextRange> matches;
  if (!code_) {
    for (size_t at; !literal_.empty() &&
                    (at = text.find(literal_, matches.empty() ? 0 : matches.back().end)) != text.npos;)
      matches.push_back({at, at + literal_.size()});
    return matches;
  }
  Search search(code_->code, text);
  TextRange range;
  for (size_t begin = 0; begin < text.size() && search.find(begin, range);) {
    begin = range.end;
    if (range.begin < range.end)
      matches.push_back(range);
    else
      begin += range.end < text.size() ? character_length(text.substr(range.end)) : 1;
  }
  return matches;
}

}  // namespace orrery
