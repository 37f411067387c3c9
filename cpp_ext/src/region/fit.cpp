#include "region/fit.hpp"

#include <algorithm>

namespace sonogaze::region {
namespace {

constexpr int kInside = 10, kOther = -20, kBeyond = -20;
// Flat cells in a region: in a sector they are outside the image; a rectangle may have dark
// corners, of a fan that a window cuts off; and what lies between is fair to both.
constexpr int kFlatInSector = -6, kFlatInRectangle = -1, kFlatInBoth = -3;
constexpr double kWorthWindow = 0.012;  // of the image: what a window must explain

Gains gains_of(const Map& structure, const Map& solid, const Rect& box, int flat) {
    Gains gains(solid.width, solid.height);
    for (int y = 0; y < solid.height; ++y) {
        gains.set_row(y, [&](int x) {
            if (solid.row(y)[x] != 0) return kInside;
            if (x < box.x0 || x >= box.x1 || y < box.y0 || y >= box.y1) return kBeyond;
            return structure.row(y)[x] != 0 ? kOther : flat;
        });
    }
    return gains;
}

Shape best_shape(const Map& structure, const Map& solid, const Rect& box) {
    const Shape rectangle = best_rectangle(gains_of(structure, solid, box, kFlatInRectangle), box);
    const Gains in_sector = gains_of(structure, solid, box, kFlatInSector);
    const Shape sector = best_sector(in_sector, solid, box);
    const Gains fair = gains_of(structure, solid, box, kFlatInBoth);
    const int a = gain_of(fair, rectangle), b = gain_of(fair, sector);
    const Shape& simple = b > a ? sector : rectangle;
    const double least = kWorthWindow * kInside * double(box.width()) * box.height();
    const double most = kInside * double(std::count(solid.cells.begin(), solid.cells.end(), 1));
    if (std::max(a, b) + least >= most) return simple;  // no other shape can gain enough
    const Shape clipped = best_clipped_sector(in_sector, solid, box);
    return gain_of(fair, clipped) > std::max(a, b) + least ? clipped : simple;
}

// How well a shape and what it was fitted to cover each other.
double overlap(const Map& solid, const Shape& shape) {
    Gains inside(solid.width, solid.height), all(solid.width, solid.height);
    int cells = 0;
    for (int y = 0; y < solid.height; ++y) {
        const std::uint8_t* const row = solid.row(y);
        inside.set_row(y, [&](int x) { return int{row[x]}; });
        all.set_row(y, [](int) { return 1; });
        cells += inside.span(y, 0, solid.width);
    }
    const int both = gain_of(inside, shape);
    return both / std::max(1.0, double(cells) + gain_of(all, shape) - both);
}

}  // namespace

Fit fit(const Map& structure, const Map& body) {
    const Map solid = filled(body);
    const Shape shape = best_shape(structure, solid, box_of(solid));
    return {shape, overlap(solid, shape)};
}

}  // namespace sonogaze::region
