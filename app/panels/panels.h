#pragma once
#include "model/sampler.h"

namespace orrery {
struct App;

/// What people call a filter.
const char* filter_label(Filter filter);
/// A slider for the filter's number, as wide as there is room; marked as `prefix` and the filter's name. True
/// while it moves.
bool filter_slider(App& app, Filter filter, SamplingSettings& changed, const char* prefix = "");

// Each fills the window that is open.
void prompt_panel(App& app);
void transport_panel(App& app);
void timeline_panel(App& app);
void sampling_panel(App& app);
void predictions_panel(App& app);
void inspector_panel(App& app);
void legend_panel(App& app);
void tour_panel(App& app);
// Each opens its own window over the scene.
void model_page(App& app);
void settings_page(App& app);
void help_page(App& app);
void about_page(App& app);
void menu_page(App& app);
void finder_page(App& app);
void tokenizer_page(App& app);
void positions_page(App& app);
void cards_overlay(App& app);
void notices_overlay(App& app);
}  // namespace orrery
