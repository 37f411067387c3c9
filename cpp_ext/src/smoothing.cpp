#include "sonogaze/smoothing.hpp"

#include <algorithm>
#include <cmath>

namespace sonogaze {

void pool(const double* before, const double* now, std::size_t count, double keep, double floor,
          double* out) noexcept {
    const double take = 1.0 - keep;
    double total = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const double old = std::max(before[i], floor), fresh = std::max(now[i], floor);
        out[i] = std::exp(keep * std::log(old) + take * std::log(fresh));
        total += out[i];
    }
    const double scale = 1.0 / total;
    for (std::size_t i = 0; i < count; ++i) out[i] *= scale;
}

}  // namespace sonogaze
