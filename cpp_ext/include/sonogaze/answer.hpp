#pragma once

#include <cstdint>

namespace sonogaze {

// False where a value is NaN or infinite.
bool all_finite(const float* values, std::int64_t count) noexcept;

// probabilities[i] = softmax(logits * scale)[i], count > 0 of them, in double and in one order:
// Python's own sum() rounds differently from version to version. The logits must be finite.
void softmax(const float* logits, std::int64_t count, double scale, double* probabilities) noexcept;

}  // namespace sonogaze
