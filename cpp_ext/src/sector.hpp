#pragma once

#include "sonogaze/layout.hpp"

namespace sonogaze {

// Fills box, spans and pixels_inside of a sector. Throws Error.
void place_sector(Layout& layout);

}  // namespace sonogaze
