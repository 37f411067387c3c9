#pragma once

#include "region/shape.hpp"

namespace sonogaze::region {

struct Fit {
    Shape shape;
    double overlap;  // 0..1: how well the shape and what it was fitted to cover each other
};

// The rectangle, sector or cut-off sector that suits a body best. All in cells of both maps.
Fit fit(const Map& structure, const Map& body);

}  // namespace sonogaze::region
