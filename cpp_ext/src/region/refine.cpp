#include "region/refine.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sonogaze::region {
namespace {

constexpr int kReach = 10;           // half cells to either side
constexpr int kPoints = 96;          // along a side
constexpr double kLeastRise = 1.5;   // grey levels
constexpr double kFirstStep = 0.12;  // of the rise
constexpr std::size_t kBeside = 3;   // half cells over which an edge is blurred
constexpr double kFarthest = 3;      // cells: what lies farther off is another edge
constexpr double kRadians = 0.017453292519943295;

struct Levels {
    const float* cells;
    int width, height;

    // Bilinear between the centres of cells; the nearest cell beyond them.
    double at(double x, double y) const noexcept {
        const double u = std::clamp(x - 0.5, 0.0, width - 1.0);
        const double v = std::clamp(y - 0.5, 0.0, height - 1.0);
        const int i = std::min(static_cast<int>(u), std::max(width - 2, 0));
        const int j = std::min(static_cast<int>(v), std::max(height - 2, 0));
        const float* const a = cells + std::ptrdiff_t{j} * width + i;
        const float* const b = a + width;
        const double s = u - i, t = v - j;
        return (a[0] * (1 - s) + a[1] * s) * (1 - t) + (b[0] * (1 - s) + b[1] * s) * t;
    }
};

struct Place {
    double x, y;
};

using Profile = std::array<double, 2 * kReach + 1>;  // levels from inside outwards, by half cells
constexpr std::size_t kEnd = 4;  // samples at either end that are surely inside, or outside

struct Ends {
    double inside, outside;
};

Ends ends_of(const Profile& profile) {
    Ends ends{0, 0};
    for (std::size_t i = 0; i < kEnd; ++i) {
        ends.inside += profile[i] / kEnd;
        ends.outside += profile[profile.size() - 1 - i] / kEnd;
    }
    return ends;
}

// How far outwards, in cells, the edge lies of which point(i, d) is d cells outside of place i.
// Only places where there is an edge have a say: a fan cut off by a window leaves its corners dark.
template <class Point>
double edge_offset(const Levels& levels, Point point) {
    Profile sum{};
    int places = 0;
    for (int i = 0; i < kPoints; ++i) {
        Profile one;
        for (int k = -kReach; k <= kReach; ++k) {
            const Place at = point((i + 0.5) / kPoints, k * 0.5);
            one[static_cast<std::size_t>(k + kReach)] = levels.at(at.x, at.y);
        }
        const Ends ends = ends_of(one);
        if (std::abs(ends.inside - ends.outside) < kLeastRise) continue;
        for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += one[k];
        ++places;
    }
    const Ends ends = ends_of(sum);
    const double rise = ends.inside - ends.outside;
    if (places < kPoints / 8 || std::abs(rise) < kLeastRise * places) return 0;
    // an image may be dark along its edge: what counts is the step beside the outside
    const double up = rise > 0 ? 1 : -1,
                 least = std::max(kFirstStep * rise * up, kLeastRise * places);
    std::size_t first = sum.size() - 1;
    while (first > 0 && (sum[first] - ends.outside) * up <= least) --first;
    const double step = sum[first > kBeside ? first - kBeside : 0] - ends.outside;
    const double half = ends.outside + step / 2;
    for (std::size_t i = sum.size() - 1; i > 0; --i) {
        const double far = (sum[i] - half) * step, near = (sum[i - 1] - half) * step;
        if (far > 0 || near <= 0) continue;
        const double offset = (static_cast<double>(i) - far / (far - near) - kReach) * 0.5;
        return std::abs(offset) <= kFarthest ? offset : 0;
    }
    return 0;
}

void refine_rectangle(Shape& shape, const Levels& levels) {
    auto& n = shape.numbers;
    const double x = n[0], y = n[1], w = n[2], h = n[3];
    const auto across = [&](double side, double sign) {
        return edge_offset(levels,
                           [&](double t, double d) { return Place{side + sign * d, y + t * h}; });
    };
    const auto down = [&](double side, double sign) {
        return edge_offset(levels,
                           [&](double t, double d) { return Place{x + t * w, side + sign * d}; });
    };
    const double left = x > 0.5 ? x - across(x, -1) : 0;
    const double right = x + w < levels.width - 0.5 ? x + w + across(x + w, 1) : levels.width;
    const double top = y > 0.5 ? y - down(y, -1) : 0;
    const double bottom = y + h < levels.height - 0.5 ? y + h + down(y + h, 1) : levels.height;
    n[0] = std::max(left, 0.0);
    n[1] = std::max(top, 0.0);
    n[2] = std::min(right, double(levels.width)) - n[0];
    n[3] = std::min(bottom, double(levels.height)) - n[1];
}

// Of one of the two straight sides; `out` is 1 where outside lies at larger angles.
double straight_offset(const Levels& levels, const Shape& shape, double degrees, double out) {
    const auto& n = shape.numbers;
    const double sine = std::sin(degrees * kRadians), cosine = std::cos(degrees * kRadians);
    const double first = n[2] + 0.1 * (n[3] - n[2]), length = 0.85 * (n[3] - n[2]);
    return edge_offset(levels, [&](double t, double d) {
        const double r = first + t * length;
        return Place{n[0] - r * sine - out * d * cosine, n[1] + r * cosine - out * d * sine};
    });
}

double arc_offset(const Levels& levels, const Shape& shape, double radius, double out) {
    const auto& n = shape.numbers;
    return edge_offset(levels, [&](double t, double d) {
        const double angle = (n[4] + (0.05 + 0.9 * t) * (n[5] - n[4])) * kRadians;
        const double r = radius + out * d;
        return Place{n[0] - r * std::sin(angle), n[1] + r * std::cos(angle)};
    });
}

void refine_sector(Shape& shape, const Levels& levels) {
    auto& n = shape.numbers;
    const double high = straight_offset(levels, shape, n[5], 1);
    const double low = straight_offset(levels, shape, n[4], -1);
    const double far = arc_offset(levels, shape, n[3], 1);
    const double near = n[2] > 2 ? arc_offset(levels, shape, n[2], -1) : 0;
    // The sides move in parallel, so the apex moves and the angles stay: solve for a shift whose
    // parts along the two outward normals are `high` and `low`.
    const double a = n[5] * kRadians, b = n[4] * kRadians;
    const double x = n[0] + (high * std::sin(b) + low * std::sin(a)) / std::sin(a - b);
    const double y = n[1] - (high * std::cos(b) + low * std::cos(a)) / std::sin(a - b);
    // the arcs stay where they are in the middle
    const double shift = n[1] - y;
    n[0] = x;
    n[1] = y;
    n[2] = std::max(n[2] - near + shift, 0.0);
    n[3] += far + shift;
}

// Sides of the window that cut the sector; the others lie at the grid's border already.
void refine_window(Shape& shape, const Levels& levels) {
    Window& w = shape.window;
    Shape box{false, {w.x0, w.y0, w.x1 - w.x0, w.y1 - w.y0, 0, 0}, 0, w, false};
    refine_rectangle(box, levels);
    const auto& n = box.numbers;
    w = {n[0], n[1], n[0] + n[2], n[1] + n[3]};
}

}  // namespace

void refine(Shape& shape, const float* levels, int width, int height) {
    const Levels read{levels, width, height};
    if (shape.sector) {
        refine_sector(shape, read);
        if (shape.clipped) refine_window(shape, read);
    } else {
        refine_rectangle(shape, read);
    }
}

}  // namespace sonogaze::region
