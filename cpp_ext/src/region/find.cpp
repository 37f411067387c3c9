#include <algorithm>
#include <cmath>
#include <string>

#include "region/candidates.hpp"
#include "region/refine.hpp"
#include "region/shape.hpp"
#include "sonogaze/error.hpp"
#include "sonogaze/region.hpp"

namespace sonogaze {
namespace region {
namespace {

constexpr double kRadius = 0.016;    // of the shorter side: lines of text are thinner
constexpr double kLeastPane = 0.35;  // of the largest image
constexpr int kInside = 10, kOther = -20, kBeyond = -20;
// Flat cells in a region: in a sector they are outside the image; a rectangle may have dark
// corners, of a fan that a window cuts off; and what lies between is fair to both.
constexpr int kFlatInSector = -6, kFlatInRectangle = -1, kFlatInBoth = -3;
constexpr double kWorthWindow = 0.04;  // of the image: what a window must explain
constexpr double kMoves = 0.05;        // of an image's cells
// What is already cut to the image, though dark at its edges.
constexpr double kOutsideOfCrop = 0.004, kLeastCrop = 0.45;  // of the screen
constexpr int kTouching = 3;

Gains gains_of(const Evidence& evidence, const Map& solid, const Rect& box, int flat) {
    Gains gains(solid.width, solid.height);
    for (int y = 0; y < solid.height; ++y) {
        gains.set_row(y, [&](int x) {
            if (solid.row(y)[x] != 0) return kInside;
            if (x < box.x0 || x >= box.x1 || y < box.y0 || y >= box.y1) return kBeyond;
            return evidence.structure.row(y)[x] != 0 ? kOther : flat;
        });
    }
    return gains;
}

Shape fit(const Evidence& evidence, const Map& solid, const Rect& box) {
    const Shape rectangle = best_rectangle(gains_of(evidence, solid, box, kFlatInRectangle), box);
    const Gains in_sector = gains_of(evidence, solid, box, kFlatInSector);
    const Shape sector = best_sector(in_sector, solid, box);
    const Gains fair = gains_of(evidence, solid, box, kFlatInBoth);
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

double confidence_of(double overlap, const Texture& texture, double share) {
    const double plain = 1 - 3 * texture.strong;
    const double size = std::min(1.0, 0.6 + 4 * share);
    return std::clamp(overlap * plain * size, 0.0, 1.0);
}

// Whether the frame is an image without a screen around it: large, up to the frame's edges, and
// with next to nothing beside it.
bool is_crop(const Evidence& evidence, const Map& body, const Rect& box) {
    const Map& structure = evidence.structure;
    const int touched = int{box.x0 < kTouching} + int{box.y0 < kTouching} +
                        int{box.x1 > structure.width - kTouching} +
                        int{box.y1 > structure.height - kTouching};
    if (touched < 2 || box.width() * box.height() < kLeastCrop * structure.count()) return false;
    const Map near = grown(body, kTouching);
    int outside = 0;
    for (std::size_t i = 0; i < near.cells.size(); ++i) {
        outside += structure.cells[i] != 0 && near.cells[i] == 0 ? 1 : 0;
    }
    return outside < kOutsideOfCrop * structure.count();
}

FoundRegion found_at(const GridFrames& grid, const Evidence& evidence, const Map& body) {
    const Rect box = box_of(body);
    const Map solid = filled(body);
    const Texture texture = texture_of(evidence, body);
    const double share = double(texture.cells) / solid.count();
    if (is_crop(evidence, body, box)) {
        const double confidence = confidence_of(1, texture, share);
        return {false,      {0, 0, double(solid.width), double(solid.height), 0, 0},
                false,      {},
                confidence, texture.live};
    }
    Shape shape = fit(evidence, solid, box);
    const double confidence = confidence_of(overlap(solid, shape), texture, share);
    refine(shape, grid.cells, solid.width, solid.height);
    const Window& w = shape.window;
    FoundRegion found{shape.sector,  {},
                      shape.clipped, {w.x0, w.y0, w.x1 - w.x0, w.y1 - w.y0},
                      confidence,    texture.live};
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
        const region::Map body = region::body_of(evidence, parts, candidate, radius);
        found.push_back(region::found_at(grid, evidence, body));
    }
    region::put_live_first(found);
    return found;
}

}  // namespace sonogaze
