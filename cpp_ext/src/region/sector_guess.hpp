#pragma once

#include <array>
#include <vector>

#include "region/grid.hpp"

namespace sonogaze::region {

// A sector by its two sides, where they cross the rows `top` and `bottom`, and its two radii.
using Sides =
    std::array<double, 6>;  // left at top, at bottom, right at top, at bottom, r_min, r_max
enum { kLeftTop, kLeftBottom, kRightTop, kRightBottom, kNear, kFar };

struct Apex {
    double x, y, left_slope, right_slope;
    bool valid;
};

Apex apex_of(const Sides& s, double top, double bottom);

// The line through two rows of an outline that most of its rows lie on.
struct Line {
    double top, bottom;
    int support;
};

// Where each row of a filled map begins and ends.
struct Outline {
    std::vector<double> left, right;
};

struct Rows {
    int first, last;
};

Line side_line(const std::vector<double>& edge, int first, int last);
Outline outline_of(const Map& filled, const Rect& box);

// The rows of a side from the top down to where a window cuts it, if one does.
Rows rows_to_window(const std::vector<double>& edge, double window, const Rect& box);

// Of lines through the rows `l` and `r`, taken on to the top and the bottom of the box; no radii.
Sides sides_along(const Line& left, const Rows& l, const Line& right, const Rows& r,
                  const Rect& box);

// Along the outline of a filled map; no radii.
Sides first_guess(const Map& filled, const Rect& box);
void guess_radii(Sides& s, const Map& filled, const Rect& box);
double farthest_of(const Outline& outline, const Apex& apex, const Rect& box);

}  // namespace sonogaze::region
