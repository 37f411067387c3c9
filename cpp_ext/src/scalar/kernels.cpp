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

void count_levels(const std::uint8_t* grey, std::int64_t n, const LevelLimits& limits,
                  LevelCounts& counts) {
    for (std::int64_t x = 0; x < n; ++x) {
        counts.sum += grey[x];
        counts.black += grey[x] <= limits.black;
        counts.saturated += grey[x] >= limits.saturated;
    }
}

std::uint64_t sum_bytes(const std::uint8_t* src, std::int64_t n) {
    std::uint64_t sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += src[i];
    return sum;
}

}  // namespace

using namespace scalar;  // NOLINT(google-build-using-namespace): the tables below name its rows

// Order: GRAY8 GRAY16 RGB24 BGR24 RGBA32 BGRA32 ARGB32 YUYV UYVY NV12 NV21 I420 YV12
const Kernels kScalarKernels{
    "scalar",
    {clip_luma, gray16, rgb<3, 0, 1, 2>, rgb<3, 2, 1, 0>, rgb<4, 0, 1, 2>, rgb<4, 2, 1, 0>,
     rgb<4, 1, 2, 3>, packed_yuv<0>, packed_yuv<1>, clip_luma, clip_luma, clip_luma, clip_luma},
    {nullptr, nullptr, colored_rgb<3, 0, 2>, colored_rgb<3, 2, 0>, colored_rgb<4, 0, 2>,
     colored_rgb<4, 2, 0>, colored_rgb<4, 1, 3>},
    {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, colored_yuv<4>, colored_yuv<4>,
     colored_yuv<2>, colored_yuv<2>, colored_yuv<1>, colored_yuv<1>},
    fetch_bytes,
    weigh_rows,
    dot_cells,
    add_cells,
    normalise,
    normalise,
    count_levels,
    sum_bytes,
};

}  // namespace sonogaze
