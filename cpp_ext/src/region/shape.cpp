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
constexpr double kAtWindow = 1.5;  // cells
constexpr int kLeastSide = 6;      // rows

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

// Where each row of a filled map begins and ends.
struct Outline {
    std::vector<double> left, right;
};

Outline outline_of(const Map& filled, const Rect& box) {
    Outline outline{std::vector<double>(static_cast<std::size_t>(filled.height), 0), {}};
    outline.right = outline.left;
    for (int y = box.y0; y < box.y1; ++y) {
        const std::uint8_t* const row = filled.row(y);
        int x0 = box.x0, x1 = box.x1;
        while (x0 < box.x1 && row[x0] == 0) ++x0;
        while (x1 > x0 && row[x1 - 1] == 0) --x1;
        outline.left[static_cast<std::size_t>(y)] = x0;
        outline.right[static_cast<std::size_t>(y)] = x1;
    }
    return outline;
}

struct Rows {
    int first, last;
};

// The far arc takes over the outline in the lowest part, and the near one in the highest.
Rows rows_of_sides(const Rect& box) {
    return {box.y0 + box.height() / 16, box.y1 - 1 - box.height() / 4};
}

Sides sides_along(const Line& left, const Rows& l, const Line& right, const Rows& r,
                  const Rect& box) {
    const auto reach = [](const Line& line, const Rows& rows, double y) {
        return line.top +
               (line.bottom - line.top) * (y - rows.first) / std::max(rows.last - rows.first, 1);
    };
    return {reach(left, l, box.y0),
            reach(left, l, box.y1),
            reach(right, r, box.y0),
            reach(right, r, box.y1),
            0,
            0};
}

Sides first_guess(const Map& filled, const Rect& box) {
    const Outline outline = outline_of(filled, box);
    const Rows rows = rows_of_sides(box);
    const Line l = side_line(outline.left, rows.first, rows.last);
    const Line r = side_line(outline.right, rows.first, rows.last);
    return sides_along(l, rows, r, rows, box);
}

// The rows of a side from the top down to where a window cuts it, if one does.
Rows rows_to_window(const std::vector<double>& edge, double window, const Rect& box) {
    Rows rows = rows_of_sides(box);
    for (int y = rows.first; y <= rows.last; ++y) {
        if (std::abs(edge[static_cast<std::size_t>(y)] - window) > kAtWindow) continue;
        rows.last = y;
        break;
    }
    return rows;
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

double farthest_of(const Outline& outline, const Apex& apex, const Rect& box) {
    double farthest = 0;
    for (int y = box.y0; y < box.y1; ++y) {
        const auto i = static_cast<std::size_t>(y);
        for (const double x : {outline.left[i], outline.right[i]}) {
            farthest = std::max(farthest, std::hypot(x - apex.x, y + 0.5 - apex.y));
        }
    }
    return farthest;
}

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

// Sides of the window that cut nothing off move to the grid's.
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
