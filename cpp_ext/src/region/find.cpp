#include <algorithm>
#include <cmath>
#include <string>

#include "region/candidates.hpp"
#include "region/fit.hpp"
#include "region/refine.hpp"
#include "sonogaze/error.hpp"
#include "sonogaze/region.hpp"

namespace sonogaze {
namespace region {
namespace {

constexpr double kRadius = 0.016;    // of the shorter side: lines of text are thinner
constexpr double kLeastPane = 0.35;  // of the largest image
constexpr double kMoves = 0.05;      // of an image's cells
// What is already cut to the image, though dark at its edges.
constexpr double kOutsideOfCrop = 0.004, kLeastCrop = 0.45;  // of the screen
constexpr int kTouching = 3;
// A shape that fits so well leaves nothing to be explained by dark tissue; of what another leaves,
// dark tissue must explain so much.
constexpr double kFits = 0.97, kExplained = 0.4;
constexpr int kMargin = 16;  // cells of an image's surroundings, at least

double confidence_of(double overlap, const Texture& texture, double share) {
    const double plain = 1 - 3 * texture.strong;
    const double size = std::min(1.0, 0.6 + 4 * share);
    return std::clamp(overlap * plain * size, 0.0, 1.0);
}

// Whether the frame is an image without a screen around it: large, up to the frame's edges, and
// with next to nothing beside it.
bool is_crop(const Map& structure, const Map& body, const Rect& area, const Rect& box) {
    const int touched = int{box.x0 < kTouching} + int{box.y0 < kTouching} +
                        int{box.x1 > structure.width - kTouching} +
                        int{box.y1 > structure.height - kTouching};
    if (touched < 2 || box.width() * box.height() < kLeastCrop * structure.count()) return false;
    const Map near = grown(body, kTouching);
    int outside = count_set(structure);
    for (int y = 0; y < near.height; ++y) {
        const std::uint8_t* const row = structure.row(area.y0 + y) + area.x0;
        for (int x = 0; x < near.width; ++x) outside -= row[x] & near.row(y)[x];
    }
    return outside < kOutsideOfCrop * structure.count();
}

// The body without corners of a black pane, which are too small for a background of their own;
// holes in the image are filled again.
Map without_corners(const Evidence& evidence, const Map& body, const Rect& area) {
    const Map corner = grown(cut(evidence.corner, area), 1);
    Map open = body;
    into(open, corner, [](std::uint8_t set, std::uint8_t out) {
        return static_cast<std::uint8_t>(set & (1 - out));
    });
    return 2 * count_set(open) > count_set(body) ? open : body;
}

// From cells of an area to cells of the grid.
void move(Shape& shape, const Rect& area, const Map& grid) {
    shape.numbers[0] += area.x0;
    shape.numbers[1] += area.y0;
    Window& w = shape.window;  // sides that cut nothing lie at the border
    w = {w.x0 > 0 ? w.x0 + area.x0 : 0, w.y0 > 0 ? w.y0 + area.y0 : 0,
         w.x1 < area.width() ? w.x1 + area.x0 : double(grid.width),
         w.y1 < area.height() ? w.y1 + area.y0 : double(grid.height)};
}

// In cells of the grid.
Fit fit_in(const Evidence& evidence, const Map& body, const Rect& area) {
    Fit best = fit(cut(evidence.structure, area), body);
    move(best.shape, area, evidence.structure);
    return best;
}

// Of the body, or of the body with dark tissue beside it, where that fits much better.
Fit best_fit(const Evidence& evidence, const Components& parts, const Candidate& candidate,
             const Map& body, int radius, const Rect& area) {
    const Fit plain = fit_in(evidence, without_corners(evidence, body, area), area);
    if (plain.overlap >= kFits) return plain;
    const Rect& box = candidate.box;
    const Rect wide =
        widened(box, box.width() / 2 + kMargin, box.height() / 2 + kMargin, evidence.structure);
    const Map near = body_of(evidence, parts, candidate, radius, wide);
    const Map wider = with_faint(evidence, near, radius, wide);
    const int more = count_set(wider), less = count_set(near);
    if (more * 100 < less * 101 || more > 3 * less) return plain;
    const Fit other = fit_in(evidence, wider, wide);
    return 1 - other.overlap < (1 - kExplained) * (1 - plain.overlap) ? other : plain;
}

FoundRegion found_at(const GridFrames& grid, const Evidence& evidence, const Components& parts,
                     const Candidate& candidate, int radius) {
    const int margin = radius + kMargin;
    const Rect area = widened(candidate.box, margin, margin, evidence.structure);
    const Map body = body_of(evidence, parts, candidate, radius, area);
    const Rect inner = box_of(body);
    const Rect box{inner.x0 + area.x0, inner.y0 + area.y0, inner.x1 + area.x0, inner.y1 + area.y0};
    const auto width = static_cast<int>(grid.width), height = static_cast<int>(grid.height);
    const Texture texture = texture_of(evidence, body, area);
    const double share = double(texture.cells) / evidence.structure.count();
    if (is_crop(evidence.structure, body, area, box)) {
        const double confidence = confidence_of(1, texture, share);
        return {false,       {0, 0, double(width), double(height), 0, 0}, false, {}, confidence,
                texture.live};
    }
    auto [shape, overlap] = best_fit(evidence, parts, candidate, body, radius, area);
    refine(shape, grid.cells, width, height);
    const Window& w = shape.window;
    FoundRegion found{shape.sector,
                      {},
                      shape.clipped,
                      {w.x0, w.y0, w.x1 - w.x0, w.y1 - w.y0},
                      confidence_of(overlap, texture, share),
                      texture.live};
    std::copy_n(shape.numbers, 6, found.numbers);
    return found;
}

// Panes that move come first, and what stands still beside them is less sure.
void put_live_first(std::vector<FoundRegion>& found) {
    double most = 0;
    for (const FoundRegion& one : found) most = std::max(most, one.live);
    if (most < kMoves) return;
    const auto moves = [&](const FoundRegion& one) { return one.live * 4 >= most; };
    for (FoundRegion& one : found) one.confidence *= moves(one) ? 1.0 : 0.5;
    std::stable_partition(found.begin(), found.end(), moves);
}

}  // namespace
}  // namespace region

void check_grid(const GridFrames& grid) {
    const auto bad = [](std::int64_t n, std::int64_t low, std::int64_t most) {
        return n < low || n > most;
    };
    if (bad(grid.frames, 1, kMaxGridFrames) || bad(grid.width, kMinGrid, kMaxGrid) ||
        bad(grid.height, kMinGrid, kMaxGrid)) {
        throw Error("frame-size", "the grid is " + std::to_string(grid.frames) + " frames of " +
                                      std::to_string(grid.width) + " x " +
                                      std::to_string(grid.height) + " cells");
    }
}

std::vector<FoundRegion> find_regions(const GridFrames& grid) {
    const region::Evidence evidence = region::gather(grid);
    const auto shorter = static_cast<double>(std::min(grid.width, grid.height));
    const int radius = std::max(2, static_cast<int>(region::kRadius * shorter + 0.5));
    const region::Components parts = region::solid_parts(evidence, radius);
    std::vector<FoundRegion> found;
    const auto candidates = region::candidates_of(parts, evidence);
    for (const region::Candidate& candidate : candidates) {
        if (candidate.area < region::kLeastPane * candidates.front().area) break;
        found.push_back(region::found_at(grid, evidence, parts, candidate, radius));
    }
    region::put_live_first(found);
    return found;
}

}  // namespace sonogaze
