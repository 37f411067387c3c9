#include "sonogaze/answer.hpp"

#include <algorithm>
#include <cmath>

namespace sonogaze {

bool all_finite(const float* values, std::int64_t count) noexcept {
    return std::all_of(values, values + count, [](float value) { return std::isfinite(value); });
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
