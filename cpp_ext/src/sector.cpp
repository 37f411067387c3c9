#include "sector.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "sonogaze/error.hpp"

namespace sonogaze {
namespace {

// Membership is decided on integers, so that every CPU paints the same pixels: positions in
// 1/16 pixel, directions in 1/2^20.
constexpr std::int64_t kSub = 16;
constexpr double kDirection = 1048576.0;
constexpr double kFarthest = 65536.0;  // pixels
constexpr double kPi = 3.14159265358979323846;

struct Wedge {
    std::int64_t cx, cy, r2_min, r2_max;
    std::int64_t ax, ay, bx, by;  // unit vectors along angle_min and angle_max
    bool full, convex;

    // The pixel whose centre is at (x, y), in 1/kSub pixel.
    bool holds(std::int64_t x, std::int64_t y) const noexcept {
        const std::int64_t dx = x - cx;
        const std::int64_t dy = y - cy;
        const std::int64_t r2 = dx * dx + dy * dy;
        if (r2 < r2_min || r2 > r2_max) return false;
        if (full) return true;
        // Clockwise on a screen whose y runs down: angle t points to (-sin t, cos t).
        const bool after_a = ax * dy - ay * dx >= 0;
        const bool before_b = dx * by - dy * bx >= 0;
        return convex ? after_a && before_b : after_a || before_b;
    }
};

void check(const RegionSpec& r) {
    const auto bad = [](const char* field, double value, const char* rule) {
        throw Error("region-invalid",
                    std::string("sector ") + field + " is " + std::to_string(value) + ", " + rule);
    };
    const auto near = [](double v) { return std::isfinite(v) && std::abs(v) <= kFarthest; };
    if (!near(r.cx)) bad("cx", r.cx, "it must be within -65536..65536 pixels");
    if (!near(r.cy)) bad("cy", r.cy, "it must be within -65536..65536 pixels");
    if (!near(r.r_min) || r.r_min < 0) bad("r_min", r.r_min, "it must be within 0..65536 pixels");
    if (!near(r.r_max) || r.r_max <= r.r_min) {
        bad("r_max", r.r_max, "it must be above r_min and at most 65536 pixels");
    }
    const auto angle = [](double v) { return std::isfinite(v) && std::abs(v) <= 360; };
    if (!angle(r.angle_min_deg)) bad("angle_min_deg", r.angle_min_deg, "it must be -360..360");
    if (!angle(r.angle_max_deg) || r.angle_max_deg <= r.angle_min_deg ||
        r.angle_max_deg - r.angle_min_deg > 360) {
        bad("angle_max_deg", r.angle_max_deg, "it must be above angle_min_deg by at most 360");
    }
}

std::int64_t fixed(double value, double scale) {
    return static_cast<std::int64_t>(std::floor(value * scale + 0.5));
}

Wedge make_wedge(const RegionSpec& r) {
    const auto sub = static_cast<double>(kSub);
    const double a = r.angle_min_deg * kPi / 180.0;
    const double b = r.angle_max_deg * kPi / 180.0;
    const std::int64_t low = fixed(r.r_min, sub);
    const std::int64_t high = fixed(r.r_max, sub);
    const double angle = r.angle_max_deg - r.angle_min_deg;
    return {fixed(r.cx, sub),
            fixed(r.cy, sub),
            low * low,
            high * high,
            fixed(-std::sin(a), kDirection),
            fixed(std::cos(a), kDirection),
            fixed(-std::sin(b), kDirection),
            fixed(std::cos(b), kDirection),
            angle >= 360.0,
            angle <= 180.0};
}

void append_row(const Wedge& wedge, std::int64_t y, std::int64_t x0, std::int64_t x1,
                std::vector<Span>& spans) {
    const std::int64_t cy = y * kSub + kSub / 2;
    bool open = false;
    for (std::int64_t x = x0; x < x1; ++x) {
        const bool inside = wedge.holds(x * kSub + kSub / 2, cy);
        const auto column = static_cast<std::int32_t>(x);
        if (inside && !open) spans.push_back({column, column});
        if (inside) spans.back().x1 = column + 1;
        open = inside;
    }
}

}  // namespace

void place_sector(Layout& layout) {
    const FrameSpec& spec = layout.spec;
    const RegionSpec& r = spec.region;
    check(r);
    if (spec.unit != 1) throw Error("region-invalid", "a sector needs unit 1");
    const Wedge wedge = make_wedge(r);
    const std::int64_t x_first = r.clipped ? r.x : 0,
                       x_end = r.clipped ? r.x + r.width : spec.width;
    const std::int64_t y_first = r.clipped ? r.y : 0;
    const std::int64_t y_end = r.clipped ? r.y + r.height : spec.height;
    const auto within = [](double v, std::int64_t low, std::int64_t high) {
        return std::clamp(static_cast<std::int64_t>(std::floor(v)), low, high);
    };
    const std::int64_t left = within(r.cx - r.r_max - 1, x_first, x_end);
    const std::int64_t right = within(r.cx + r.r_max + 2, x_first, x_end);
    const std::int64_t top = within(r.cy - r.r_max - 1, y_first, y_end);
    const std::int64_t bottom = within(r.cy + r.r_max + 2, y_first, y_end);
    std::int64_t x0 = spec.width, x1 = 0, y0 = -1, y1 = 0;
    for (std::int64_t y = top; y < bottom; ++y) {
        const std::size_t before = layout.spans.size();
        append_row(wedge, y, left, right, layout.spans);
        if (layout.spans.size() > before) {
            if (y0 < 0) y0 = y;
            y1 = y + 1;
            x0 = std::min<std::int64_t>(x0, layout.spans[before].x0);
            x1 = std::max<std::int64_t>(x1, layout.spans.back().x1);
        }
        // Rows above the first inside pixel are outside the box and have no entry.
        if (y0 >= 0) layout.row_start.push_back(static_cast<std::uint32_t>(before));
    }
    if (y0 < 0) {
        throw Error("region-outside", std::string("the sector covers no pixel of ") +
                                          (r.clipped ? "its clip in " : "") + "the frame of " +
                                          std::to_string(spec.width) + " x " +
                                          std::to_string(spec.height));
    }
    layout.row_start.resize(static_cast<std::size_t>(y1 - y0));
    layout.row_start.push_back(static_cast<std::uint32_t>(layout.spans.size()));
    for (const Span& span : layout.spans) layout.pixels_inside += span.x1 - span.x0;
    layout.box_x = x0;
    layout.box_y = y0;
    layout.box_width = x1 - x0;
    layout.box_height = y1 - y0;
}

}  // namespace sonogaze
