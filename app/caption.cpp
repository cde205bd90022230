#include "app/caption.h"

namespace orrery {

Message caption_of(const Trace& trace, double position) {
  const auto whole = std::uint64_t(position);
  const bool under_way = position > double(whole);
  const StepPlace place = trace.place(under_way || whole == 0 ? whole : whole - 1);
  const auto steps = trace.graph().steps();
  if (place.step < int(steps.size())) {
    const Tensor& tensor = *steps[size_t(place.step)];
    return tensor.op->sentence(tensor);
  }
  if (place.pass < trace.pass_count() && !under_way && trace.pass(place.pass).chosen >= 0) {
    const int chosen = trace.pass(place.pass).chosen;
    const std::string token = trace.model().token_text(chosen);
    if (place.pass + 1 < trace.pass_count() || !trace.model().ends_text(chosen))
      return say("The next token is chosen: {0}. It becomes the next input.", token);
    return say("The next token is chosen: {0}. With it the model ends the text; playing or a step goes on.",
               token);
  }
  return say("The next token is drawn from the probabilities.");
}

}  // namespace orrery
