#include "model/tokenizers/normalizers.h"

#include <utf8proc.h>

#include "model/message.h"
#include "model/tokenizers/json_fields.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

namespace {

using nlohmann::json;

bool is_accent(int point) { return utf8proc_category(point) == UTF8PROC_CATEGORY_MN; }
bool is_dropped(int point) { return point == 0 || point == 0xFFFD || is_control(point); }
bool is_mark(int point) {
  utf8proc_category_t category = utf8proc_category(point);
  return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

AlignedText with_spaces(const AlignedText& text) {
  AlignedText result;
  for_each_character(text.text(), [&](size_t begin, size_t end, int point) {
    if (is_white_space(point) && point != ' ')
      result.put(" ", text.place(begin, end));
    else
      result.keep(text, begin, end);
  });
  return result;
}

AlignedText ideographs_apart(const AlignedText& text) {
  AlignedText result;
  for_each_character(text.text(), [&](size_t begin, size_t end, int point) {
    bool apart = is_ideograph(point);
    if (apart) result.put(" ", text.place(begin, begin));
    result.keep(text, begin, end);
    if (apart) result.put(" ", {text.place(begin, end).end, text.place(begin, end).end});
  });
  return result;
}

AlignedText stripped(const AlignedText& text, bool left, bool right) {
  size_t first = text.text().size(), last = 0;
  for_each_character(text.text(), [&](size_t begin, size_t end, int point) {
    if (is_white_space(point)) return;
    first = std::min(first, begin);
    last = end;
  });
  size_t begin = left ? first : 0, end = right ? last : text.text().size();
  return begin < end ? text.slice(begin, end) : AlignedText();
}

AlignedText prepended(const AlignedText& text, const std::string& before) {
  if (text.empty()) return text;
  AlignedText result;
  result.put(before, text.place(0, 0));
  result.keep(text, 0, text.text().size());
  return result;
}

void add_normalizer(const json& step, const std::string& file, std::vector<Normalizer>& steps) {
  constexpr size_t most = 64;
  const std::string type = text_of(member(step, "type"));
  auto on = [&](const char* name, bool otherwise) {
    const json& value = member(step, name);
    return value.is_boolean() ? value.get<bool>() : otherwise;
  };
  auto form = [](NormalForm form) {
    return [form](const AlignedText& text) { return normal_form(text, form); };
  };
  if (steps.size() >= most) throw Error(say("{0}: {1} has more than {2} steps.", file, "normalizer", most));
  if (type == "Sequence" && member(step, "normalizers").is_array()) {
    for (const json& inner : member(step, "normalizers")) add_normalizer(inner, file, steps);
  } else if (type == "NFC") {
    steps.push_back(form(NormalForm::nfc));
  } else if (type == "NFD") {
    steps.push_back(form(NormalForm::nfd));
  } else if (type == "NFKC") {
    steps.push_back(form(NormalForm::nfkc));
  } else if (type == "NFKD") {
    steps.push_back(form(NormalForm::nfkd));
  } else if (type == "Lowercase") {
    steps.push_back(lower_case);
  } else if (type == "StripAccents") {
    steps.push_back([](const AlignedText& text) { return without(text, is_mark); });
  } else if (type == "Strip") {
    steps.push_back([left = on("strip_left", true), right = on("strip_right", true)](
                        const AlignedText& text) { return stripped(text, left, right); });
  } else if (type == "Prepend") {
    steps.push_back([before = text_field(step, "prepend", file)](const AlignedText& text) {
      return prepended(text, before);
    });
  } else if (type == "Replace") {
    steps.push_back([pattern = read_pattern(member(step, "pattern"), file),
                     with = text_field(step, "content", file)](const AlignedText& text) {
      return replaced(text, pattern, with);
    });
  } else if (type == "Precompiled") {
    if (!member(step, "precompiled_charsmap").is_null())
      steps.push_back(precompiled_normalizer(text_field(step, "precompiled_charsmap", file), file));
  } else if (type == "BertNormalizer") {
    bool lower = on("lowercase", true);
    BertNormalizerOptions options{on("clean_text", true), on("handle_chinese_chars", true),
                                  on("strip_accents", lower), lower};
    steps.push_back([options](const AlignedText& text) { return bert_normalized(text, options); });
  } else {
    refuse_part(file, "normalizer", step);
  }
}

}  // namespace

AlignedText without(const AlignedText& text, bool (*drop)(int)) {
  AlignedText result;
  for_each_character(text.text(), [&](size_t begin, size_t end, int point) {
    if (!drop(point)) result.keep(text, begin, end);
  });
  return result;
}

AlignedText replaced(const AlignedText& text, const Pattern& pattern, std::string_view with) {
  AlignedText result;
  size_t end = 0, most = (size_t(1) << 16) + 16 * text.text().size();
  for (const TextRange& match : pattern.find_all(text.text())) {
    result.keep(text, end, match.begin);
    result.put(with, text.place(match.begin, match.end));
    end = match.end;
    if (result.text().size() > most) throw Error(say("The tokenizer's replacements make the text too long."));
  }
  result.keep(text, end, text.text().size());
  return result;
}

AlignedText bert_normalized(const AlignedText& text, const BertNormalizerOptions& options) {
  AlignedText result = text;
  if (options.clean) result = with_spaces(without(result, is_dropped));
  if (options.separate_ideographs) result = ideographs_apart(result);
  if (options.strip_accents) result = without(normal_form(result, NormalForm::nfd), is_accent);
  if (options.lower_case) result = lower_case(result);
  return result;
}

Pattern read_pattern(const json& value, const std::string& file) {
  if (const json& text = member(value, "String"); text.is_string())
    return Pattern::literal(text.get<std::string>());
  if (const json& text = member(value, "Regex"); text.is_string())
    return Pattern::expression(text.get_ref<const std::string&>(), file);
  throw Error(say("{0}: the field {1} must be a text.", file, "pattern"));
}

std::vector<Normalizer> read_normalizers(const json& value, const std::string& file) {
  std::vector<Normalizer> steps;
  if (!value.is_null()) add_normalizer(value, file, steps);
  return steps;
}

}  // namespace orrery
