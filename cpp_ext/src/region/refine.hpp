#pragma once

#include "region/shape.hpp"

namespace sonogaze::region {

// Moves each side of a shape to where the grey level, averaged along that side, is halfway between
// outside and inside. A side without such a rise stays. levels: width x height grey levels.
void refine(Shape& shape, const float* levels, int width, int height);

}  // namespace sonogaze::region
