#pragma once

#include <cstddef>

namespace sonogaze {

// out[i] = before[i]^keep * now[i]^(1 - keep), each of them at least `floor`, scaled to sum to 1.
// count > 0, keep in [0, 1], floor above 0. Summed in one order: Python's own sum() rounds
// differently from version to version.
void pool(const double* before, const double* now, std::size_t count, double keep, double floor,
          double* out) noexcept;

}  // namespace sonogaze
