#pragma once

#include <cstdint>

namespace sonogaze {

// False where a value is NaN or infinite.
bool all_finite(const float* values, std::int64_t count) noexcept;

// Whether the values are non-negative and sum to 1 within `slack`; false where one is not finite.
bool is_distribution(const float* values, std::int64_t count, double slack) noexcept;

// probabilities[i] = softmax(logits * scale)[i], count > 0 of them, in double and in one order:
// Python's own sum() rounds differently from version to version. The logits must be finite,
// and scale finite and positive.
void softmax(const float* logits, std::int64_t count, double scale, double* probabilities) noexcept;

}  // namespace sonogaze
