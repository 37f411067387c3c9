#include "region/open_window.hpp"

#include <cmath>

namespace sonogaze::region {
namespace {

bool holds(const Shape& sector, double x, double y) {
    const auto& n = sector.numbers;
    const double dx = x - n[0], dy = y - n[1];
    const double r = std::hypot(dx, dy), angle = std::atan2(-dx, dy) * kDegrees;
    return r >= n[2] && r <= n[3] && angle >= n[4] && angle <= n[5];
}

bool set_at(const Map& filled, double x, double y) {
    return x >= 0 && y >= 0 && x < filled.width && y < filled.height &&
           filled.row(static_cast<int>(y))[static_cast<int>(x)] != 0;
}

struct Side {
    double x0, y0, x1, y1;  // its ends
    double out_x, out_y;    // one cell outwards
};

// Whether a side of the window cuts the sector: where the sector goes on beyond it, the image ends
// at it, straight. An image that fades into the dark ends raggedly.
bool cuts(const Shape& sector, const Map& filled, const Side& side) {
    constexpr int kPlaces = 64;
    constexpr double kNear = 1.5, kLeastCut = 0.08, kStraight = 0.45;
    int beyond = 0, straight = 0;
    for (int i = 0; i < kPlaces; ++i) {
        const double t = (i + 0.5) / kPlaces;
        const double x = side.x0 + t * (side.x1 - side.x0);
        const double y = side.y0 + t * (side.y1 - side.y0);
        const double dx = kNear * side.out_x, dy = kNear * side.out_y;
        if (!holds(sector, x + dx, y + dy)) continue;
        ++beyond;
        straight += set_at(filled, x - dx, y - dy) && !set_at(filled, x + dx, y + dy) ? 1 : 0;
    }
    return beyond >= kLeastCut * kPlaces && straight >= kStraight * beyond;
}

}  // namespace

void open_window(Shape& shape, const Map& filled) {
    const Window w = shape.window;
    Window open{0, 0, double(filled.width), double(filled.height)};
    if (cuts(shape, filled, {w.x0, w.y0, w.x0, w.y1, -1, 0})) open.x0 = w.x0;
    if (cuts(shape, filled, {w.x1, w.y0, w.x1, w.y1, 1, 0})) open.x1 = w.x1;
    if (cuts(shape, filled, {w.x0, w.y0, w.x1, w.y0, 0, -1})) open.y0 = w.y0;
    if (cuts(shape, filled, {w.x0, w.y1, w.x1, w.y1, 0, 1})) open.y1 = w.y1;
    shape.window = open;
    shape.clipped = open.x0 > 0 || open.y0 > 0 || open.x1 < filled.width || open.y1 < filled.height;
}

}  // namespace sonogaze::region
