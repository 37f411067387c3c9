#include "coarse.hpp"

#include <algorithm>
#include <cmath>

namespace sonogaze {

CoarseRows::CoarseRows(Lines<std::uint64_t>& sums, std::int64_t columns, double unit, double offset,
                       float* out)
    : sums_(sums), columns_(columns), unit_(unit), offset_(offset), out_(out) {
    std::fill(sums_.begin(), sums_.end(), std::uint64_t{0});
}

void CoarseRows::add(const std::uint32_t* cells) { add_cells(cells); }
void CoarseRows::add(const std::uint64_t* cells) { add_cells(cells); }

template <class Cell>
void CoarseRows::add_cells(const Cell* cells) {
    std::uint64_t* const sums = sums_.data();
    for (std::int64_t j = 0; j < columns_; ++j) sums[j] += cells[j];
    if (++rows_ == kCoarseCells) write();
}

void CoarseRows::finish() {
    if (rows_ > 0) write();
}

void CoarseRows::write() {
    for (std::int64_t j = 0; j < columns_; j += kCoarseCells) {
        const std::int64_t end = std::min(j + kCoarseCells, columns_);
        std::uint64_t sum = 0;
        for (std::int64_t k = j; k < end; ++k) sum += sums_.data()[k];
        const auto cells = static_cast<double>((end - j) * rows_);
        *out_++ = static_cast<float>(static_cast<double>(sum) / cells * unit_ + offset_);
    }
    std::fill(sums_.begin(), sums_.end(), std::uint64_t{0});
    rows_ = 0;
}

double mean_difference(const float* a, const float* b, std::int64_t n) noexcept {
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) {
        sum += std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    }
    return sum / static_cast<double>(n);
}

}  // namespace sonogaze
