#include "region/shape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace sonogaze::region {
namespace {

constexpr double kDegrees = 57.29577951308232;
constexpr int kRowStep = 2;       // rows looked at in a search
constexpr int kRounds = 10;       // of one step size, at most
constexpr double kMostHalf = 80;  // degrees from straight down
constexpr double kLeastAngle = 8;

// A sector by its two sides, where they cross the rows `top` and `bottom`, and its two radii.
using Sides =
    std::array<double, 6>;  // left at top, at bottom, right at top, at bottom, r_min, r_max
enum { kLeftTop, kLeftBottom, kRightTop, kRightBottom, kNear, kFar };

struct Apex {
    double x, y, left_slope, right_slope;
    bool valid;
};

Apex apex_of(const Sides& s, double top, double bottom) {
    const double rows = bottom - top;
    const double left = (s[kLeftBottom] - s[kLeftTop]) / rows;
    const double right = (s[kRightBottom] - s[kRightTop]) / rows;
    const double spread = right - left;
    if (spread < 1e-3 || s[kRightTop] < s[kLeftTop]) return {0, 0, 0, 0, false};
    const double up = (s[kRightTop] - s[kLeftTop]) / spread;
    return {s[kLeftTop] - left * up, top - up, left, right, true};
}

// Of a sector given by its apex, the slopes of its sides (columns a row) and its radii.
int wedge_gain(const Gains& gains, const Apex& apex, double nearest, double farthest, int step) {
    int gain = 0;
    const double first = std::max(apex.y, 0.0);
    for (int y = static_cast<int>(first) / step * step; y < gains.height(); y += step) {
        const double dy = y + 0.5 - apex.y;
        if (dy <= 0) continue;
        if (dy > farthest) break;
        const double far = std::sqrt(farthest * farthest - dy * dy);
        const double left = std::max(apex.x + dy * apex.left_slope, apex.x - far);
        const double right = std::min(apex.x + dy * apex.right_slope, apex.x + far);
        gain += gains.span(y, left, right);
        if (dy < nearest) {
            const double near = std::sqrt(nearest * nearest - dy * dy);
            gain -= gains.span(y, std::max(left, apex.x - near), std::min(right, apex.x + near));
        }
    }
    return gain;
}

int sector_gain(const Gains& gains, const Sides& s, const Rect& box, int step) {
    const Apex apex = apex_of(s, box.y0, box.y1);
    if (!apex.valid || s[kNear] < 0 || s[kFar] <= s[kNear]) return std::numeric_limits<int>::min();
    return wedge_gain(gains, apex, s[kNear], s[kFar], step);
}

template <class Values, class Gain>
int climb(Values& values, Gain gain, std::initializer_list<double> steps) {
    int best = gain(values);
    for (const double step : steps) {
        bool better = true;
        for (int round = 0; better && round < kRounds; ++round) {
            better = false;
            for (double& value : values) {
                for (const double move : {step, -step}) {
                    value += move;
                    const int now = gain(values);
                    if (now > best) {
                        best = now;
                        better = true;
                        break;
                    }
                    value -= move;
                }
            }
        }
    }
    return best;
}

// The line through two rows of an outline that most of its rows lie on.
struct Line {
    double top, bottom;
    int support;
};

Line side_line(const std::vector<double>& edge, int first, int last) {
    constexpr int kProbes = 28;
    constexpr double kNearEdge = 1.3;
    Line best{edge[static_cast<std::size_t>(first)], edge[static_cast<std::size_t>(last)], 0};
    const int rows = last - first;
    const auto row_of = [&](int i) { return first + i * rows / (kProbes - 1); };
    for (int a = 0; a < kProbes; ++a) {
        for (int b = a + kProbes / 5; b < kProbes; ++b) {
            const int ya = row_of(a), yb = row_of(b);
            if (yb <= ya) continue;
            const double xa = edge[static_cast<std::size_t>(ya)];
            const double slope = (edge[static_cast<std::size_t>(yb)] - xa) / (yb - ya);
            int support = 0;
            for (int i = 0; i < kProbes; ++i) {
                const int y = row_of(i);
                const double off = edge[static_cast<std::size_t>(y)] - (xa + slope * (y - ya));
                support += std::abs(off) <= kNearEdge ? 1 : 0;
            }
            if (support > best.support) {
                best = {xa + slope * (first - ya), xa + slope * (last - ya), support};
            }
        }
    }
    return best;
}

Sides first_guess(const Map& filled, const Rect& box) {
    std::vector<double> left(static_cast<std::size_t>(filled.height), 0), right = left;
    for (int y = box.y0; y < box.y1; ++y) {
        const std::uint8_t* const row = filled.row(y);
        int x0 = box.x0, x1 = box.x1;
        while (x0 < box.x1 && row[x0] == 0) ++x0;
        while (x1 > x0 && row[x1 - 1] == 0) --x1;
        left[static_cast<std::size_t>(y)] = x0;
        right[static_cast<std::size_t>(y)] = x1;
    }
    const int rows = box.y1 - box.y0;
    // the far arc takes over the outline in the lowest part, and the near one in the highest
    const int first = box.y0 + rows / 16, last = box.y1 - 1 - rows / 4;
    const Line l = side_line(left, first, last), r = side_line(right, first, last);
    const auto reach = [&](const Line& line, double y) {
        return line.top + (line.bottom - line.top) * (y - first) / std::max(last - first, 1);
    };
    return {reach(l, box.y0), reach(l, box.y1), reach(r, box.y0), reach(r, box.y1), 0, 0};
}

void guess_radii(Sides& s, const Map& filled, const Rect& box) {
    const Apex apex = apex_of(s, box.y0, box.y1);
    if (!apex.valid) return;
    const int middle = std::clamp(static_cast<int>(apex.x), box.x0, box.x1 - 1);
    int near = box.y0, far = box.y1;
    while (near < box.y1 && filled.row(near)[middle] == 0) ++near;
    while (far > near && filled.row(far - 1)[middle] == 0) --far;
    s[kNear] = std::max(near - apex.y, 0.0);
    s[kFar] = far - apex.y;
}

}  // namespace

int Gains::span(int y, double x0, double x1) const noexcept {
    const double limit = width_;
    const auto a = static_cast<int>(std::clamp(x0 + 0.5, 0.0, limit));
    const auto b = static_cast<int>(std::clamp(x1 + 0.5, 0.0, limit));
    if (b <= a) return 0;
    const int* const row = sums_.data() + std::ptrdiff_t{y} * (width_ + 1);
    return row[b] - row[a];
}

int gain_of(const Gains& gains, const Shape& shape) {
    const auto& n = shape.numbers;
    if (shape.sector) {
        if (n[3] <= n[2]) return std::numeric_limits<int>::min();
        const Apex apex{n[0], n[1], -std::tan(n[5] / kDegrees), -std::tan(n[4] / kDegrees), true};
        return wedge_gain(gains, apex, n[2], n[3], 1);
    }
    int gain = 0;
    for (int y = static_cast<int>(n[1]); y < static_cast<int>(n[1] + n[3]); ++y) {
        gain += gains.span(y, n[0], n[0] + n[2]);
    }
    return gain;
}

Shape best_rectangle(const Gains& gains, const Rect& start) {
    std::array<double, 4> sides{double(start.x0), double(start.y0), double(start.x1),
                                double(start.y1)};
    const auto gain = [&](const std::array<double, 4>& s) {
        if (s[0] < 0 || s[1] < 0 || s[2] > gains.width() || s[3] > gains.height()) {
            return std::numeric_limits<int>::min();
        }
        int sum = 0;
        for (int y = static_cast<int>(s[1]); y < static_cast<int>(s[3]); ++y) {
            sum += gains.span(y, s[0], s[2]);
        }
        return sum;
    };
    const int best = climb(sides, gain, {16, 8, 4, 2, 1});
    return {
        false, {sides[0], sides[1], sides[2] - sides[0], sides[3] - sides[1], 0, 0}, double(best)};
}

Shape best_sector(const Gains& gains, const Map& filled, const Rect& box) {
    Sides sides = first_guess(filled, box);
    guess_radii(sides, filled, box);
    const auto coarse = [&](const Sides& s) { return sector_gain(gains, s, box, kRowStep); };
    climb(sides, coarse, {8, 4, 2, 1, 0.5});
    const Apex apex = apex_of(sides, box.y0, box.y1);
    const double high = std::atan(-apex.left_slope) * kDegrees;
    const double low = std::atan(-apex.right_slope) * kDegrees;
    const bool plausible = apex.valid && high - low >= kLeastAngle && high <= kMostHalf &&
                           low >= -kMostHalf && sides[kFar] > sides[kNear];
    if (!plausible) return {true, {0, 0, 0, 0, 0, 0}, 0};
    return {true,
            {apex.x, apex.y, sides[kNear], sides[kFar], low, high},
            double(sector_gain(gains, sides, box, 1))};
}

}  // namespace sonogaze::region
