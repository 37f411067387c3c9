#include "region/shape.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "region/open_window.hpp"
#include "region/sector_guess.hpp"

namespace sonogaze::region {
namespace {

constexpr int kRowStep = 2;       // rows looked at in a search
constexpr int kRounds = 10;       // of one step size, at most
constexpr double kMostHalf = 80;  // degrees from straight down
constexpr double kLeastAngle = 8;
constexpr int kLeastSide = 6;  // rows

Window everything(const Gains& gains) {
    return {0, 0, double(gains.width()), double(gains.height())};
}

// Of a sector given by its apex, the slopes of its sides (columns a row) and its radii.
int wedge_gain(const Gains& gains, const Apex& apex, double nearest, double farthest, int step,
               const Window& window) {
    int gain = 0;
    const double first = std::max(apex.y, window.y0);
    for (int y = static_cast<int>(first) / step * step; y + 0.5 < window.y1; y += step) {
        const double dy = y + 0.5 - apex.y;
        if (dy <= 0 || y + 0.5 < window.y0) continue;
        if (dy > farthest) break;
        const double far = std::sqrt(farthest * farthest - dy * dy);
        const double left = std::max({apex.x + dy * apex.left_slope, apex.x - far, window.x0});
        const double right = std::min({apex.x + dy * apex.right_slope, apex.x + far, window.x1});
        gain += gains.span(y, left, right);
        if (dy < nearest) {
            const double near = std::sqrt(nearest * nearest - dy * dy);
            gain -= gains.span(y, std::max(left, apex.x - near), std::min(right, apex.x + near));
        }
    }
    return gain;
}

int sector_gain(const Gains& gains, const Sides& s, const Rect& box, int step,
                const Window& window) {
    const Apex apex = apex_of(s, box.y0, box.y1);
    if (!apex.valid || s[kNear] < 0 || s[kFar] <= s[kNear]) return std::numeric_limits<int>::min();
    return wedge_gain(gains, apex, s[kNear], s[kFar], step, window);
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

bool plausible(const Apex& apex, double nearest, double farthest) {
    const double high = std::atan(-apex.left_slope) * kDegrees;
    const double low = std::atan(-apex.right_slope) * kDegrees;
    return apex.valid && high - low >= kLeastAngle && high <= kMostHalf && low >= -kMostHalf &&
           farthest > nearest;
}

Shape sector_of(const Apex& apex, double nearest, double farthest, int gain, const Window& window) {
    const double high = std::atan(-apex.left_slope) * kDegrees;
    const double low = std::atan(-apex.right_slope) * kDegrees;
    return {true, {apex.x, apex.y, nearest, farthest, low, high}, double(gain), window, false};
}

}  // namespace

RowSums::RowSums(const Map& structure, const Map& image, const Rect& box)
    : width_(image.width),
      height_(image.height),
      sums_(new std::uint32_t[static_cast<std::size_t>((width_ + 1) * height_)]) {
    for (int y = 0; y < height_; ++y) {
        std::uint32_t* const sums = sums_.get() + std::ptrdiff_t{y} * (width_ + 1);
        if (y < box.y0 || y >= box.y1) {
            std::fill_n(sums, width_ + 1, 0U);
            continue;
        }
        const std::uint8_t* const in = image.row(y);
        const std::uint8_t* const busy = structure.row(y);
        std::fill_n(sums, box.x0 + 1, 0U);
        std::uint32_t sum = 0;
        for (int x = box.x0; x < box.x1; ++x) {
            sum += in[x] != 0 ? kImage : busy[x] != 0 ? 0 : kFlat;
            sums[x + 1] = sum;
        }
        std::fill(sums + box.x1 + 1, sums + width_ + 1, sum);
    }
}

int gain_of(const Gains& gains, const Shape& shape) {
    const auto& n = shape.numbers;
    if (shape.sector) {
        if (n[3] <= n[2]) return std::numeric_limits<int>::min();
        const Apex apex{n[0], n[1], -std::tan(n[5] / kDegrees), -std::tan(n[4] / kDegrees), true};
        return wedge_gain(gains, apex, n[2], n[3], 1, shape.window);
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
    return {false,
            {sides[0], sides[1], sides[2] - sides[0], sides[3] - sides[1], 0, 0},
            double(best),
            everything(gains),
            false};
}

Shape best_sector(const Gains& gains, const Map& filled, const Rect& box) {
    Sides sides = first_guess(filled, box);
    guess_radii(sides, filled, box);
    const Window all = everything(gains);
    climb(sides, [&](const Sides& s) { return sector_gain(gains, s, box, kRowStep, all); },
          {8, 4, 2, 1, 0.5});
    const Apex apex = apex_of(sides, box.y0, box.y1);
    if (!plausible(apex, sides[kNear], sides[kFar])) return {true, {}, 0, all, false};
    return sector_of(apex, sides[kNear], sides[kFar], sector_gain(gains, sides, box, 1, all), all);
}

Shape best_clipped_sector(const Gains& gains, const Map& filled, const Rect& box) {
    const Shape none{true, {}, 0, everything(gains), false};
    const Outline outline = outline_of(filled, box);
    const Rows l = rows_to_window(outline.left, box.x0, box);
    const Rows r = rows_to_window(outline.right, box.x1, box);
    if (std::min(l.last - l.first, r.last - r.first) < std::max(kLeastSide, box.height() / 16)) {
        return none;
    }
    Sides sides = sides_along(side_line(outline.left, l.first, l.last), l,
                              side_line(outline.right, r.first, r.last), r, box);
    guess_radii(sides, filled, box);
    const Apex start = apex_of(sides, box.y0, box.y1);
    if (!start.valid) return none;
    sides[kFar] = farthest_of(outline, start, box);
    std::array<double, 10> values{};
    std::copy(sides.begin(), sides.end(), values.begin());
    values[6] = box.x0, values[7] = box.y0, values[8] = box.x1, values[9] = box.y1;
    const auto taken = [&](const std::array<double, 10>& v, int step) {
        const Window window{v[6], v[7], v[8], v[9]};
        std::copy_n(v.begin(), sides.size(), sides.begin());
        if (v[6] < 0 || v[7] < 0 || v[8] > gains.width() || v[9] > gains.height()) {
            return std::numeric_limits<int>::min();
        }
        return sector_gain(gains, sides, box, step, window);
    };
    climb(values, [&](const std::array<double, 10>& v) { return taken(v, 2 * kRowStep); },
          {2, 1, 0.5});
    const int gain = taken(values, 1);
    const Apex apex = apex_of(sides, box.y0, box.y1);
    if (!plausible(apex, sides[kNear], sides[kFar])) return none;
    Shape found = sector_of(apex, sides[kNear], sides[kFar], gain,
                            {values[6], values[7], values[8], values[9]});
    open_window(found, filled);
    return found;
}

}  // namespace sonogaze::region
