// The specification: every other instruction set must give these bits.
#include "sonogaze/kernels.hpp"

#include "scalar/decode.hpp"

namespace sonogaze {
namespace {

void set_row(const std::uint8_t* grey, std::int64_t n, std::uint16_t* sums) {
    for (std::int64_t x = 0; x < n; ++x) sums[x] = grey[x];
}

void add_row(const std::uint8_t* grey, std::int64_t n, std::uint16_t* sums) {
    for (std::int64_t x = 0; x < n; ++x) sums[x] = static_cast<std::uint16_t>(sums[x] + grey[x]);
}

void add_cells(const std::uint16_t* sums, const TapTable& table, std::uint32_t row_weight,
               std::uint64_t* cells) {
    const std::int16_t* weights = table.weights.data();
    for (std::int32_t j = 0; j < table.cells; ++j, weights += table.taps) {
        const std::uint16_t* column = sums + table.first[static_cast<std::size_t>(j)];
        std::uint32_t dot = 0;
        for (std::int32_t k = 0; k < table.taps; ++k) {
            dot += static_cast<std::uint32_t>(weights[k]) * column[k];
        }
        cells[j] += std::uint64_t{row_weight} * dot;
    }
}

void normalise(const std::uint64_t* cells, std::int64_t n, double scale, double bias, float* out) {
    for (std::int64_t j = 0; j < n; ++j) {
        out[j] = static_cast<float>(static_cast<double>(cells[j]) * scale + bias);
    }
}

}  // namespace

const Kernels& scalar_kernels() noexcept {
    static const Kernels kernels{"scalar", scalar::kDecode, set_row, add_row, add_cells, normalise};
    return kernels;
}

}  // namespace sonogaze
