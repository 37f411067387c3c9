#include "coarse.hpp"

#include <algorithm>
#include <cmath>

namespace sonogaze {

void CoarseRows::add(const std::uint32_t* cells) { add_cells(cells); }
void CoarseRows::add(const std::uint64_t* cells) { add_cells(cells); }

template <class Cell>
void CoarseRows::add_cells(const Cell* cells) {
    if (rows_++ % kCoarseCells != 0) return;
    const auto level = [this](const Cell* first, std::int64_t count) {
        std::int64_t sum = 0;  // signed: its conversion is one instruction
        for (std::int64_t k = 0; k < count; ++k) sum += static_cast<std::int64_t>(first[k]);
        const double mean = static_cast<double>(sum) / static_cast<double>(count);
        return static_cast<float>(mean * unit_ + offset_);
    };
    const std::int64_t whole = columns_ / kCoarseCells;
    // by a constant, so that it's a product
    for (std::int64_t j = 0; j < whole; ++j)
        out_[j] = level(cells + j * kCoarseCells, kCoarseCells);
    out_ += whole;
    const std::int64_t left = columns_ - whole * kCoarseCells;
    if (left > 0) *out_++ = level(cells + whole * kCoarseCells, left);
}

Change mean_change(const float* a, const float* b, std::int64_t n) noexcept {
    // kSums of each, since one sum would wait for itself at every step
    constexpr std::int64_t kSums = 4;
    double away[kSums] = {};
    double along[kSums] = {};
    const auto add = [&](std::int64_t i, std::int64_t to) {
        const double step = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        away[to] += std::abs(step);
        along[to] += step;
    };
    const std::int64_t whole = n / kSums * kSums;
    for (std::int64_t i = 0; i < whole; i += kSums) {
        for (std::int64_t k = 0; k < kSums; ++k) add(i + k, k);
    }
    for (std::int64_t i = whole; i < n; ++i) add(i, i - whole);
    const auto count = static_cast<double>(n);
    return {(away[0] + away[1] + away[2] + away[3]) / count,
            (along[0] + along[1] + along[2] + along[3]) / count};
}

}  // namespace sonogaze
