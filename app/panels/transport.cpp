#include <cmath>
#include <cstdlib>

#include "app/actions.h"
#include "app/app.h"
#include "app/focus.h"
#include "app/language.h"
#include "app/panels/links.h"
#include "app/panels/panels.h"
#include "app/style.h"

namespace orrery {
using namespace ui;

namespace {

void transport_button(App& app, const char* id, Icon icon, const char* tip, bool active = false) {
  if (icon_button(id, icon, tip, px(30), active)) run_action(app, id);
  ImGui::SameLine(0, px(4));
}

ImVec4 kind_colour(Kind kind) { return colours().kinds[int(kind)]; }

Message speed_words(const Playback::Speed& speed) {
  if (speed.pace == Pace::terms) return say("terms a second: {0}", number_text(speed.rate));
  if (speed.pace == Pace::cells) return say("cells a second: {0}", number_text(speed.rate));
  return say("{0} operations a second", number_text(speed.rate));
}

/// Where the mouse drags on a bar: 0..1, or -1. Arrow keys on it run actions, one to go back, one to go on.
float dragged(App& app, const char* name, ImVec2 at, ImVec2 size, const char* back, const char* on) {
  ImGui::SetCursorScreenPos(at);
  ImGui::InvisibleButton(name, {std::max(1.f, size.x), std::max(1.f, size.y)});
  mark(name);
  const int steps = focus().arrows().right;
  for (int i = 0; i < std::abs(steps); ++i) run_action(app, steps < 0 ? back : on);
  if (!ImGui::IsItemActive()) return -1;
  return std::min(1.f, std::max(0.f, (ImGui::GetIO().MousePos.x - at.x) / std::max(1.f, size.x)));
}

}  // namespace

void transport_panel(App& app) {
  transport_button(app, "to_start", Icon::start, tr("To the start"));
  transport_button(app, "token_back", Icon::token_back, tr("One token back"));
  transport_button(app, "layer_back", Icon::layer_back, tr("One layer back"));
  transport_button(app, "step_back", Icon::back, tr("One operation back"));
  transport_button(app, "play", app.playback.playing ? Icon::pause : Icon::play, tr("Play or pause"), true);
  transport_button(app, "step_on", Icon::on, tr("One operation on"));
  transport_button(app, "layer_on", Icon::layer_on, tr("One layer on"));
  transport_button(app, "token_on", Icon::token_on, tr("One token on"));
  ImGui::SameLine(0, px(14));
  transport_button(app, "slower", Icon::down, tr("Slower"));
  transport_button(app, "faster", Icon::up, tr("Faster"));
  ImGui::AlignTextToFramePadding();
  text(Font::small, colours().muted, translate(speed_words(app.playback.speed())).c_str());
  if (!app.trace) return;
  ImGui::SameLine(0, px(18));
  bool live = app.playback.live();
  text(Font::small, live ? colours().kinds[0] : colours().warm,
       live                     ? tr("LIVE")
       : app.playback.backwards ? tr("BACKWARDS")
                                : tr("REPLAY"));
  if (app.ended_by(RunState::text_ended)) {
    ImGui::SameLine(0, px(18));
    text(Font::small, colours().muted, tr("The model has ended the text"));
    ImGui::SameLine();
    if (button("go_past_end", tr("Go on all the same"))) app.toggle_play();
  }
  if (app.ended_by(RunState::context_full)) {
    ImGui::SameLine(0, px(18));
    text(Font::small, colours().muted,
         translate(say("The context is full: {0} tokens", app.trace->capacity())).c_str());
    ImGui::SameLine();
    if (button("start_again", tr("Start again from the prompt"))) app.start_run();
  }
}

void timeline_panel(App& app) {
  linked_sentence(app, "caption", app.caption(), Font::body, colours().text);
  if (!app.trace) return;
  const Trace& trace = *app.trace;
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImVec2 at = ImGui::GetCursorScreenPos();
  float width = ImGui::GetContentRegionAvail().x, high = px(22), low = px(12);
  int count = trace.steps_a_pass();
  StepPlace place = trace.place(app.playback.current());
  // Upper bar: the passes of this recording, each with the tokens that it read.
  int passes = std::max(1, trace.pass_count());
  float pass_width = width / float(passes);
  WithFont with(Font::small);
  for (int i = 0; i < passes && i < trace.pass_count(); ++i) {
    float x = at.x + float(i) * pass_width;
    bool now = i == place.pass;
    list->AddRectFilled({x, at.y}, {x + std::max(1.f, pass_width - px(2)), at.y + high},
                        pack(now ? fade(colours().accent, 0.35f) : colours().raised), px(4));
    if (pass_width < px(10)) continue;
    std::string words;
    Rows rows = trace.pass(i).rows;
    for (int row = rows.begin; row < rows.end && words.size() < 200; ++row)
      words += trace.model().token_text(trace.token(row));
    need_glyphs(words.c_str());
    words = fitting(words, pass_width - px(8));
    list->AddText({x + px(5), at.y + (high - ImGui::GetFontSize()) / 2},
                  pack(now ? colours().text : colours().muted), words.c_str());
  }
  float position = float(app.playback.position / double(count) / double(passes));
  float mark_x = at.x + std::min(1.f, position) * width;
  list->AddRectFilled({mark_x - px(1), at.y - px(2)}, {mark_x + px(1), at.y + high + px(2)},
                      pack(colours().text));
  float to = dragged(app, "timeline_tokens", at, {width, high}, "token_back", "token_on");
  // Lower bar: the operations of the pass, coloured by what they make.
  ImVec2 second{at.x, at.y + high + px(6)};
  auto steps = trace.graph().steps();
  double in_pass = app.playback.position - double(place.pass) * count;
  for (int i = 0; i < count; ++i) {
    float x0 = second.x + width * float(i) / float(count),
          x1 = second.x + width * float(i + 1) / float(count);
    ImVec4 colour = i < int(steps.size()) ? kind_colour(steps[size_t(i)]->kind) : colours().warm;
    list->AddRectFilled({x0, second.y}, {std::max(x0 + 1, x1 - (x1 - x0 > 3 ? 1.f : 0.f)), second.y + low},
                        pack(fade(colour, double(i) < in_pass ? 0.95f : 0.28f)));
  }
  mark_x = second.x + width * float(std::min(1.0, in_pass / count));
  list->AddRectFilled({mark_x - px(1), second.y - px(2)}, {mark_x + px(1), second.y + low + px(2)},
                      pack(colours().text));
  float step = dragged(app, "timeline_steps", second, {width, low}, "step_back", "step_on");
  double wanted = to >= 0     ? double(to) * passes * count
                  : step >= 0 ? double(place.pass) * count + step * count
                              : -1;
  if (wanted >= 0) {
    app.playback.playing = false;
    app.playback.jump(std::min(std::floor(wanted), double(trace.published())));
  }
}

}  // namespace orrery
