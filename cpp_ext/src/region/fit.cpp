#include "region/fit.hpp"

#include <algorithm>

namespace sonogaze::region {
namespace {

constexpr int kInside = 10, kOther = -20;
// Flat cells in a region: in a sector they are outside the image; a rectangle may have dark
// corners, of a fan that a window cuts off; and what lies between is fair to both.
constexpr int kFlatInSector = -6, kFlatInRectangle = -1, kFlatInBoth = -3;
constexpr double kWorthWindow = 0.012;  // of the image: what a window must explain

Shape best_shape(const RowSums& sums, const Map& solid, const Rect& box, int cells) {
    const Shape rectangle = best_rectangle({sums, kInside, kFlatInRectangle, kOther}, box);
    const Gains in_sector{sums, kInside, kFlatInSector, kOther};
    const Shape sector = best_sector(in_sector, solid, box);
    const Gains fair{sums, kInside, kFlatInBoth, kOther};
    const int a = gain_of(fair, rectangle), b = gain_of(fair, sector);
    const Shape& simple = b > a ? sector : rectangle;
    const double least = kWorthWindow * kInside * double(box.width()) * box.height();
    const double most = kInside * double(cells);
    if (std::max(a, b) + least >= most) return simple;  // no other shape can gain enough
    const Shape clipped = best_clipped_sector(in_sector, solid, box);
    return gain_of(fair, clipped) > std::max(a, b) + least ? clipped : simple;
}

// How well a shape and what it was fitted to, so many cells, cover each other.
double overlap(const RowSums& sums, const Shape& shape, int cells) {
    const int both = gain_of({sums, 1, 0, 0}, shape);
    const int all = gain_of({sums, 1, 1, 1}, shape);
    return both / std::max(1.0, double(cells) + all - both);
}

}  // namespace

Fit fit(const Map& structure, const Map& body) {
    const Map solid = filled(body);
    const Rect box = box_of(solid);
    const RowSums sums(structure, solid, box);
    int cells = 0;
    for (int y = 0; y < solid.height; ++y) cells += sums.span(y, 0, solid.width).image;
    const Shape shape = best_shape(sums, solid, box, cells);
    return {shape, overlap(sums, shape, cells)};
}

}  // namespace sonogaze::region
