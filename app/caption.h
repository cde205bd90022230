#pragma once
#include "model/trace.h"

namespace orrery {

/// The sentence that says what is being computed at `position` published steps of a recording (its fraction:
/// how far the step under way has come); at rest, of the step that was complete last.
Message caption_of(const Trace& trace, double position);

}  // namespace orrery
