#include "sonogaze/answer.hpp"

#include <algorithm>
#include <cmath>

namespace sonogaze {

bool all_finite(const float* values, std::int64_t count) noexcept {
    return std::all_of(values, values + count, [](float value) { return std::isfinite(value); });
}

bool is_distribution(const float* values, std::int64_t count, double slack) noexcept {
    double sums[4] = {};  // four chains of additions instead of one: each waits for itself alone
    bool non_negative = true;
    for (std::int64_t i = 0; i < count; ++i) {
        non_negative &= values[i] >= 0;  // false for NaN
        sums[i % 4] += static_cast<double>(values[i]);
    }
    const double total = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    return non_negative && std::abs(total - 1.0) <= slack;
}

void softmax(const float* logits, std::int64_t count, double scale,
             double* probabilities) noexcept {
    const double peak = *std::max_element(logits, logits + count);
    double total = 0;
    for (std::int64_t i = 0; i < count; ++i) {
        probabilities[i] = std::exp((static_cast<double>(logits[i]) - peak) * scale);
        total += probabilities[i];
    }
    for (std::int64_t i = 0; i < count; ++i) probabilities[i] /= total;
}

}  // namespace sonogaze
