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

// A row in pieces of some lines, each fetched `ahead` in one go: no more lines at once than the
// memory takes. Row decodes pixels of Size bytes.
using Row = void (*)(const std::uint8_t*, std::int64_t, std::uint8_t*, const DecodeParams&);
template <Into into, Row row, int Size, int Grey = 1>
void fetched(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey, const DecodeParams& p,
             std::int64_t ahead) {
    constexpr std::int64_t kPiece = 256;
    for (std::int64_t x = 0; x < n; x += kPiece) {
        const std::int64_t count = n - x < kPiece ? n - x : kPiece;
        const std::uint8_t* piece = src + x * Size;
        fetch_bytes<into>(
            reinterpret_cast<std::uintptr_t>(piece) + static_cast<std::uintptr_t>(ahead),
            count * Size);
        row(piece, count, grey + x * Grey, p);
    }
}

using namespace scalar;  // NOLINT(google-build-using-namespace): the tables below name its rows

template <Into into>
constexpr Readers readers() {
    return {// in the order of Luma
            {fetched<into, clip_luma, 1>, fetched<into, packed_yuv<0>, 2>,
             fetched<into, packed_yuv<1>, 2>, fetched<into, gray16, 2>,
             fetched<into, rgb<3, 0, 1, 2>, 3>, fetched<into, rgb<3, 2, 1, 0>, 3>,
             fetched<into, rgb<4, 0, 1, 2>, 4>, fetched<into, rgb<4, 2, 1, 0>, 4>,
             fetched<into, rgb<4, 1, 2, 3>, 4>, fetched<into, rgb<4, 3, 2, 1>, 4>,
             fetched<into, decode_words, 2, 2>},
            weigh_rows,
            weigh_wide,
            0,
            fetch_bytes<into>};
}

}  // namespace

const Kernels kScalarKernels{
    "scalar",
    {readers<Into::first_level>(), readers<Into::second_level>()},
    {nullptr, nullptr, nullptr, nullptr, colored_rgb<3, 0, 2>, colored_rgb<3, 0, 2>,
     colored_rgb<4, 0, 2>, colored_rgb<4, 0, 2>, colored_rgb<4, 1, 3>, colored_rgb<4, 1, 3>},
    {colored_yuv<1>, colored_yuv<2>, colored_yuv<4>},
    dot_cells,
    add_cells,
    normalise,
    normalise,
    count_levels<std::uint8_t>,
    count_levels<std::uint16_t>,
    color_wide,
    sum_bytes,
};

}  // namespace sonogaze
