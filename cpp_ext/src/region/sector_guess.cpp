#include "region/sector_guess.hpp"

#include <algorithm>
#include <cmath>

namespace sonogaze::region {
namespace {

constexpr double kAtWindow = 1.5;  // cells

// The far arc takes over the outline in the lowest part, and the near one in the highest.
Rows rows_of_sides(const Rect& box) {
    return {box.y0 + box.height() / 16, box.y1 - 1 - box.height() / 4};
}

}  // namespace

Apex apex_of(const Sides& s, double top, double bottom) {
    const double rows = bottom - top;
    const double left = (s[kLeftBottom] - s[kLeftTop]) / rows;
    const double right = (s[kRightBottom] - s[kRightTop]) / rows;
    const double spread = right - left;
    if (spread < 1e-3 || s[kRightTop] < s[kLeftTop]) return {0, 0, 0, 0, false};
    const double up = (s[kRightTop] - s[kLeftTop]) / spread;
    return {s[kLeftTop] - left * up, top - up, left, right, true};
}

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

}  // namespace sonogaze::region
