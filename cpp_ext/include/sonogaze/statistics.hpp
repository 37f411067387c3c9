#pragma once

#include <cstdint>

#include "sonogaze/kernels.hpp"
#include "sonogaze/layout.hpp"

namespace sonogaze {

// Limits of the counts, in grey levels 0..255.
constexpr int kBlackLevel = 8;
constexpr int kSaturatedLevel = 250;
constexpr int kColorLevel = 24;
constexpr std::int64_t kCoarseCells = 4;  // output cells a side that make one coarse cell

// The limits above as codes of a frame's matrix and range.
LevelLimits level_limits(Range range) noexcept;
ColorLimits color_limits(Matrix matrix, Range range) noexcept;

// Code of black, and codes from black to white.
double black_code(Range range) noexcept;
double code_levels(Range range) noexcept;

// What one pass counted inside the region.
struct Statistics {
    LevelCounts levels{0, 0, 0};
    std::int64_t pixels = 0;
    std::int64_t colored = 0;
    std::int64_t color_samples = 0;  // 0 where the format has no colour
    double difference = 0;           // mean of |coarse - previous|, grey levels; see Plan::measure
};

}  // namespace sonogaze
