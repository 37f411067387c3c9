#pragma once

#include "region/shape.hpp"

namespace sonogaze::region {

// Sides of the window that cut nothing off move to the grid's.
void open_window(Shape& shape, const Map& filled);

}  // namespace sonogaze::region
