// The specification: every other instruction set must give these bits.
#include "sonogaze/kernels.hpp"

#include "fetch.hpp"
#include "scalar/rows.hpp"

namespace sonogaze {
namespace {

void dot_cells(const std::uint16_t* sums, const TapView& table, std::uint32_t* dots) {
    const std::int16_t* weights = table.weights;
    for (std::int64_t j = 0; j < table.cells; ++j, weights += table.taps) {
        const std::uint16_t* column = sums + table.first[j];
        std::uint32_t dot = 0;
        for (std::int64_t k = 0; k < table.taps; ++k) {
            dot += static_cast<std::uint32_t>(weights[k]) * column[k];
        }
        dots[j] = dot;
    }
}

void add_cells(const std::uint32_t* dots, std::int64_t n, std::uint32_t weight,
               std::uint64_t* cells) {
    for (std::int64_t j = 0; j < n; ++j) cells[j] += std::uint64_t{weight} * dots[j];
}

template <class Cell>
void normalise(const Cell* cells, std::int64_t n, double scale, double bias, float* out) {
    for (std::int64_t j = 0; j < n; ++j) {
        out[j] = static_cast<float>(static_cast<double>(cells[j]) * scale + bias);
    }
}

std::uint64_t sum_bytes(const std::uint8_t* src, std::int64_t n) {
    std::uint64_t sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += src[i];
    return sum;
}

}  // namespace

using namespace scalar;  // NOLINT(google-build-using-namespace): the tables below name its rows

const Kernels kScalarKernels{
    "scalar",
    // in the order of Luma
    {clip_luma, packed_yuv<0>, packed_yuv<1>, gray16, rgb<3, 0, 1, 2>, rgb<3, 2, 1, 0>,
     rgb<4, 0, 1, 2>, rgb<4, 2, 1, 0>, rgb<4, 1, 2, 3>, rgb<4, 3, 2, 1>, decode_words},
    {nullptr, nullptr, nullptr, nullptr, colored_rgb<3, 0, 2>, colored_rgb<3, 0, 2>,
     colored_rgb<4, 0, 2>, colored_rgb<4, 0, 2>, colored_rgb<4, 1, 3>, colored_rgb<4, 1, 3>},
    {colored_yuv<1>, colored_yuv<2>, colored_yuv<4>},
    fetch_bytes,
    weigh_rows,
    dot_cells,
    add_cells,
    normalise,
    normalise,
    count_levels<std::uint8_t>,
    weigh_wide,
    count_levels<std::uint16_t>,
    color_wide,
    sum_bytes,
};

}  // namespace sonogaze
