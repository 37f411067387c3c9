#pragma once

#include <cstdint>

#include "sonogaze/kernels.hpp"
#include "sonogaze/layout.hpp"

// What a video stream looks at beside the tensor, gathered in the same pass over the pixels: a
// black screen by `black`, Doppler by `colored`, a frozen image and a cut by `difference`, and by
// `mean` whether a difference is a change of gain. A single frame's `run` counts none of it.
namespace sonogaze {

// Limits of the counts, in grey levels 0..255.
constexpr int kBlackLevel = 8;
constexpr int kColorLevel = 24;
constexpr std::int64_t kCoarseCells = 4;  // output cells a side that make one coarse cell
// Rows are sampled, so that counting costs the same for a screen of any height. As many as this
// are counted, up to twice as many, or all where there are fewer; colour in every other of them.
constexpr std::int64_t kCountedRows = 32;
constexpr std::int64_t kColorRows = 2;

// The limits above as codes of a frame's depth, matrix and range.
std::uint16_t black_limit(int bits, Range range) noexcept;
ColorLimits color_limits(int bits, Matrix matrix, Range range) noexcept;

// What one pass counted in the sampled rows of the region.
struct Statistics {
    LevelCounts levels{0, 0};
    std::int64_t pixels = 0;
    std::int64_t colored = 0;
    std::int64_t color_samples = 0;  // 0 where the format has no colour
    // Of coarse - previous, in grey levels; see Plan::measure.
    double difference = 0;  // mean of the absolute values
    double shift = 0;       // mean
};

}  // namespace sonogaze
