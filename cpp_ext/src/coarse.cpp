#include "coarse.hpp"

#include <algorithm>
#include <cmath>

namespace sonogaze {

void CoarseRows::add(const std::uint32_t* cells) { add_cells(cells); }
void CoarseRows::add(const std::uint64_t* cells) { add_cells(cells); }

template <class Cell>
void CoarseRows::add_cells(const Cell* cells) {
    if (rows_++ % kCoarseCells != 0) return;
    for (std::int64_t j = 0; j < columns_; j += kCoarseCells) {
        const std::int64_t end = std::min(j + kCoarseCells, columns_);
        std::uint64_t sum = 0;
        for (std::int64_t k = j; k < end; ++k) sum += cells[k];
        const auto count = static_cast<double>(end - j);
        *out_++ = static_cast<float>(static_cast<double>(sum) / count * unit_ + offset_);
    }
}

Change mean_change(const float* a, const float* b, std::int64_t n) noexcept {
    // kSums of each, since one sum would wait for itself at every step
    constexpr std::int64_t kSums = 4;
    double away[kSums] = {};
    double along[kSums] = {};
    for (std::int64_t i = 0; i < n; ++i) {
        const double step = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        away[i % kSums] += std::abs(step);
        along[i % kSums] += step;
    }
    const auto count = static_cast<double>(n);
    return {(away[0] + away[1] + away[2] + away[3]) / count,
            (along[0] + along[1] + along[2] + along[3]) / count};
}

}  // namespace sonogaze
