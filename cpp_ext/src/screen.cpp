#include "sonogaze/screen.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sonogaze {
namespace {

// The picture is divided into so many blocks, whatever its size.
constexpr std::int64_t kColumns = 16, kRows = 12;
constexpr std::int64_t kLeastWidth = 64, kLeastHeight = 48;
// Steps to the cell on the right or below, in grey levels.
constexpr float kFlatStep = 1, kHardStep = 20;
// Chosen with benchmarks.regions: on composed screens in the layouts of design, and on stills of
// groups for training and validation (docs/results/screens-among-stills.json). The bounds look for
// certainty: a cropped frame must not be refused.
constexpr int kLeastText = 38, kAway = 2, kMostTissue = 80, kMostTissueOnBorder = 14;  // blocks
constexpr double kLeastFlat = 0.4;                                                     // of cells
constexpr double kTextFlat = 0.45, kTextHard = 0.06, kTissue = 0.7, kHalf = 0.5;       // of a block
// Wires in water look like text too, so where no image is, nothing can be away from one.
constexpr int kLeastTissue = 6, kLeastTextAlone = 18;
constexpr double kLeastFlatAlone = 0.45;

struct Block {
    int cells = 0, flat = 0, hard = 0;

    bool text() const noexcept {
        const int between = cells - flat - hard;
        return flat >= kTextFlat * cells && hard >= kTextHard * cells && 2 * hard >= between;
    }
    bool tissue(double share) const noexcept { return cells - flat - hard >= share * cells; }
};

using Blocks = std::array<Block, kColumns * kRows>;

void count_row(const float* row, const float* below, std::int64_t width, float per_level,
               Block* blocks) noexcept {
    const float flat = kFlatStep * per_level, hard = kHardStep * per_level;
    for (std::int64_t b = 0; b < kColumns; ++b) {
        const std::int64_t x0 = b * width / kColumns, x1 = (b + 1) * width / kColumns;
        const std::int64_t end = std::min(x1, width - 1);  // the last cell has none on its right
        int flats = 0, hards = 0;
        for (std::int64_t x = x0; x < end; ++x) {
            const float step = std::max(std::abs(row[x + 1] - row[x]), std::abs(below[x] - row[x]));
            flats += step <= flat ? 1 : 0;
            hards += step >= hard ? 1 : 0;
        }
        blocks[b].cells += static_cast<int>(end - x0);
        blocks[b].flat += flats;
        blocks[b].hard += hards;
    }
}

Blocks count(const float* tensor, std::int64_t width, const Inner& inner,
             float per_level) noexcept {
    Blocks blocks{};
    const float* const first = tensor + inner.y * width + inner.x;
    for (std::int64_t y = 0; y + 1 < inner.height; ++y) {
        const float* const row = first + y * width;
        const auto at = static_cast<std::size_t>(y * kRows / inner.height * kColumns);
        count_row(row, row + width, inner.width, per_level, blocks.data() + at);
    }
    return blocks;
}

struct Counts {
    int text = 0, away = 0, tissue = 0, on_border = 0, flat = 0, cells = 0;

    bool screen() const noexcept {
        if (tissue > kMostTissue || on_border > kMostTissueOnBorder) return false;
        if (tissue < kLeastTissue) {
            return text >= kLeastTextAlone && flat >= kLeastFlatAlone * cells;
        }
        return text + kAway * away >= kLeastText && flat >= kLeastFlat * cells;
    }
};

// The edges of a fan look like text as well, but not away from tissue.
bool beside_tissue(const Blocks& blocks, std::int64_t column, std::int64_t row) noexcept {
    for (std::int64_t y = std::max<std::int64_t>(row - 1, 0); y <= std::min(row + 1, kRows - 1);
         ++y) {
        for (std::int64_t x = std::max<std::int64_t>(column - 1, 0);
             x <= std::min(column + 1, kColumns - 1); ++x) {
            if (blocks[static_cast<std::size_t>(y * kColumns + x)].tissue(kHalf)) return true;
        }
    }
    return false;
}

}  // namespace

bool looks_like_screen(const float* tensor, std::int64_t width, const Inner& inner,
                       float per_level) noexcept {
    if (inner.width < kLeastWidth || inner.height < kLeastHeight) return false;
    const Blocks blocks = count(tensor, width, inner, per_level);
    Counts counts;
    for (std::int64_t i = 0; i < kColumns * kRows; ++i) {
        const Block& block = blocks[static_cast<std::size_t>(i)];
        const std::int64_t x = i % kColumns, y = i / kColumns;
        const bool border = x == 0 || y == 0 || x == kColumns - 1 || y == kRows - 1;
        const bool text = block.text(), tissue = block.tissue(kTissue);
        counts.text += text ? 1 : 0;
        counts.away += text && !beside_tissue(blocks, x, y) ? 1 : 0;
        counts.tissue += tissue ? 1 : 0;
        counts.on_border += border && tissue ? 1 : 0;
        counts.flat += block.flat;
        counts.cells += block.cells;
    }
    return counts.screen();
}

}  // namespace sonogaze
