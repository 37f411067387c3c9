#include "region/evidence.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "region/surfaces.hpp"

namespace sonogaze::region {
namespace {

// Companded grey: 16 times the root. Speckle multiplies, so its steps are alike at all levels, and
// the faint noise of a dark far field stays apart from a background that is exactly flat.
constexpr float kCompanded = 16.0F;
constexpr int kFlat = 5;        // contrast of a flat background, at least ...
constexpr int kFlatNoisy = 14;  // ... and at most, on a noisy input
constexpr double kQuietest = 0.1;
constexpr int kMoved = 10;

void compand(const float* levels, Map& out) {
    for (std::size_t i = 0; i < out.cells.size(); ++i) {
        const float level =
            levels[i] > 0 ? std::min(levels[i], 255.0F) : 0;  // what is no number: 0
        out.cells[i] =
            static_cast<std::uint8_t>(std::min(kCompanded * std::sqrt(level) + 0.5F, 255.0F));
    }
}

int flat_limit(const Map& contrast) {
    std::array<int, 256> histogram{};
    for (const std::uint8_t c : contrast.cells) ++histogram[c];
    int below = 0, quiet = 0;
    while (quiet < 255 &&
           (below += histogram[static_cast<std::size_t>(quiet)]) < kQuietest * contrast.count()) {
        ++quiet;
    }
    return std::clamp(quiet * 3 / 2 + 1, kFlat, kFlatNoisy);
}

// Marks what is not part of a large flat surface, and what such surfaces are.
void mark(const Map& level, const Map& contrast, Evidence& evidence) {
    const int limit = flat_limit(contrast);
    Map flat(level.width, level.height);
    for (std::size_t i = 0; i < flat.cells.size(); ++i) flat.cells[i] = contrast.cells[i] <= limit;
    const Surfaces surfaces(flat, level, contrast);
    for (const Run& run : surfaces.runs()) {
        const Surface* const surface = surfaces.of(run);
        const Range range = surface == nullptr ? Range{1, 0} : surface->background;
        const bool faint = surface != nullptr && surfaces.faint(*surface);
        const bool corner = surface != nullptr && surface->corner;
        for (int x = run.x0; x < run.x1; ++x) {
            const int value = level.row(run.y)[x];
            const bool background = value >= range.low && value <= range.high;
            flat.row(run.y)[x] = background ? 1 : 0;
            evidence.faint.row(run.y)[x] |= static_cast<std::uint8_t>(background && faint);
            evidence.corner.row(run.y)[x] |= static_cast<std::uint8_t>(corner);
        }
    }
    // a cell beside an edge has its contrast: the background begins one cell nearer
    const Map background = grown(flat, 1);
    for (std::size_t i = 0; i < flat.cells.size(); ++i) {
        evidence.structure.cells[i] |= static_cast<std::uint8_t>(1 - background.cells[i]);
    }
}

}  // namespace

Evidence gather(const GridFrames& grid) {
    const auto width = static_cast<int>(grid.width);
    const auto height = static_cast<int>(grid.height);
    Evidence found(width, height);
    compand(grid.cells, found.level);
    found.contrast = contrast_of(found.level);
    mark(found.level, found.contrast, found);
    Map level(width, height);
    for (std::int64_t f = 1; f < grid.frames; ++f) {
        compand(grid.cells + f * grid.width * grid.height, level);
        mark(level, contrast_of(level), found);
        for (std::size_t i = 0; i < level.cells.size(); ++i) {
            if (std::abs(level.cells[i] - found.level.cells[i]) > kMoved) found.live.cells[i] = 1;
        }
    }
    return found;
}

}  // namespace sonogaze::region
