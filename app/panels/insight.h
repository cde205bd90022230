#pragma once
#include "app/insight.h"

namespace orrery {
struct App;

/// The pane that looks inside: its pages as tabs and the page that is chosen. Fills the window that is open.
void insight_panel(App& app);

// The pages; each fills what is left of the window that is open.
void attention_page(App& app);
void why_page(App& app);
void heads_page(App& app);
void lens_page(App& app);
void logits_page(App& app);
void neurons_page(App& app);
void space_page(App& app);
void sampling_page(App& app);
void beams_page(App& app);

/// The words of a head kind: "induction".
const char* head_kind_name(HeadKind kind);
/// The pair of tokens that is chosen in a pattern of `rows` tokens: by the person, else the newest token and
/// where it looks most.
struct TokenPair {
  int query = 0, key = 0;
};
TokenPair chosen_pair(const App& app, const HeadParts& head, int rows);

}  // namespace orrery
