#pragma once

#include "region/grid.hpp"

namespace sonogaze::region {

struct Run {  // columns x0 .. x1 - 1 of a row
    int y, x0, x1;
    std::int32_t component;
};

// Connected cells (4 neighbours) and the rectangle around them.
struct Component {
    Rect box;
    int area;
};

struct Components {
    std::vector<Run> runs;  // row after row, each from left to right
    std::vector<Component> all;
};

// What is connected in `mask`: neighbours, whose values differ by at most `step` of `value` where
// that is given.
Components connected(const Map& mask, const Map* value, int step);

}  // namespace sonogaze::region
