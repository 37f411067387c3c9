#pragma once

#include <cstdint>

#include "sonogaze/plan.hpp"

namespace sonogaze {

// Thresholds of the gate, in values of a tensor; shares are of cells, rows or columns.
struct GateLimits {
    float black, saturated, repeat;
    double min_lit_share, max_saturated_share, max_repeated_share;
    double min_variance, min_correlation, pattern_correlation;
};

// Throws Error where a side is not one of a target or a threshold is not finite.
void check_gate(std::int64_t width, std::int64_t height, const GateLimits& limits);

// What is wrong with a frame, in the order in which it is looked for.
enum class Fault : std::uint8_t {
    none,
    no_signal,
    nearly_black,
    uniform,
    saturated,
    noise,
    test_pattern
};

// Judge the inner cells of a tensor of `width` values a row; the rest is padding. Looks at every
// eighth cell of every eighth row, its right neighbour and the one below; at all of them only where
// those are black. Fewer than 2 x 2 cells are never at fault. All sums are in double, in one order:
// every CPU judges alike.
Fault judge(const float* tensor, std::int64_t width, const Inner& inner,
            const GateLimits& limits) noexcept;

}  // namespace sonogaze
