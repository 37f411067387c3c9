#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonogaze/format.hpp"

// Included by files that are compiled for one instruction set: no inline functions here, or the
// linker might keep a copy that other CPUs cannot run.
namespace sonogaze {

// What a row of source pixels needs beside its bytes.
struct DecodeParams {
    std::uint16_t low, high;     // codes are clipped to these
    std::uint16_t window_low;    // GRAY16
    std::uint16_t window_high;   // GRAY16
    std::uint32_t window_scale;  // GRAY16: grey levels per count, 8.24 fixed point
    int shift;                   // unused bits below a code of more than 8
};

// Largest |R - grey| and |B - grey|, or distance of Cb and Cr from neutral, of a colourless pixel.
struct ColorLimits {
    std::uint16_t rgb, cb, cr;
};

struct LevelCounts {
    std::int64_t sum, black;  // black: codes up to a limit
};

// Cell j is the dot product of weights[j * taps ...] with `taps` columns from first[j] on. taps is
// 4, 8 or a multiple of 16. Entries up to a multiple of kCellBlock cells exist and weigh 0.
constexpr std::int64_t kCellBlock = 16;
constexpr std::int64_t kPairColumns = 8;
constexpr std::int64_t kLaneCells = 8;
constexpr std::int64_t kLaneColumns = 64;
constexpr std::int32_t kLineColumns = 32;
struct TapView {
    std::int64_t cells;  // rounded up to kCellBlock
    std::int64_t taps;
    const std::int32_t* first;
    const std::int16_t* weights;
    // taps 4 only: where the columns of cells j and j + 1, j even, lie among the kPairColumns from
    // first[j] on, in bytes: eight for each cell.
    const std::uint8_t* pairs;
    // taps 4 only, for each kLaneCells cells: a column at the start of a line of sums, where
    // columns 0 and 1 of each cell lie among the kLaneColumns from there on, then columns 2 and 3;
    // and their weights.
    const std::int32_t* lane_first;
    const std::uint16_t* lane_columns;
    const std::int16_t* lane_weights;
};

// Two rows of grey and what they weigh: 127 together at most, 31 where codes have 10 bits. Those of
// wide codes point to 16-bit numbers.
struct RowPair {
    const std::uint8_t* rows[2];
    std::uint8_t weights[2];
};

// Rows of the caller's pixels that are read soon, and fetched while as many others are weighed: of
// each the lines at bytes `first`, `first` + `step` and so on, with the columns that lie there.
constexpr std::int64_t kNeverFetched = INT64_MAX;
struct RowsAhead {
    std::uintptr_t row;  // the first one's address
    std::int64_t stride;
    std::int64_t pixel_bytes;
    std::int64_t first;  // or kNeverFetched
    std::int64_t step;
};

// sums[0..n) = the weighed sum of `count` pairs of rows, 1 or 2; added to what was there if `onto`.
using WeighRows = void (*)(const RowPair* pairs, std::int64_t count, std::int64_t n,
                           std::uint16_t* sums, bool onto, const RowsAhead& ahead);

// Codes of n pixels whose first byte is src: for packed YUV the two bytes of the first pixel, for
// planar YUV its luma. Those of Luma::words fill two bytes of grey each.
// ahead: bytes to a row that is read soon and fetched meanwhile, or 0.
using Decode = void (*)(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                        const DecodeParams& params, std::int64_t ahead);

// Coloured among n pixels of RGB, whose grey is known.
using CountRgb = std::int64_t (*)(const std::uint8_t* src, const std::uint8_t* grey, std::int64_t n,
                                  std::uint8_t limit);

// Coloured among n chroma samples, from the bytes of the first one's U and V.
struct ChromaRow {
    const std::uint8_t* u;
    const std::uint8_t* v;
};
using CountYuv = std::int64_t (*)(const ChromaRow& row, std::int64_t n, const ColorLimits& limits);

// The cache that rows are fetched into before they are read.
enum class Into { first_level, second_level };
constexpr int kIntos = 2;

// The loops that read the caller's pixels.
struct Readers {
    Decode decode[kLumas];  // by Luma
    WeighRows weigh_rows;
    WeighRows weigh_wide;  // of codes of more than 8 bits

    // Of pixels of up to so many bytes, decode fetches every other line, from the first one on: the
    // rest is for weigh_rows and weigh_wide, from the second one on.
    std::int64_t halved_pixel_bytes;

    // Asks for the cache lines of some bytes that are read soon, so that they arrive meanwhile. A
    // hint: nothing depends on it, and they may lie outside the buffer.
    void (*fetch)(std::uintptr_t address, std::int64_t bytes);
};

// One instruction set's inner loops. The scalar set is the specification; every other one gives
// the same bits. No kernel reads or writes a byte beyond the stated counts.
struct Kernels {
    const char* name;

    Readers readers[kIntos];     // by Into
    CountRgb count_rgb[kLumas];  // null where it is no RGB
    CountYuv count_yuv[3];       // samples of 8 bits, 1, 2 or 4 bytes apart

    // dots[j] = cell j of the table over sums, for every cell of the table. No sum is above 32385,
    // no dot product above 2^32 - 1, sums starts with
    // a cache line and is readable max(taps, kLaneColumns) beyond its end.
    void (*dot_cells)(const std::uint16_t* sums, const TapView& table, std::uint32_t* dots);

    // cells[j] += weight * dots[j] for n cells, a multiple of kCellBlock.
    void (*add_cells)(const std::uint32_t* dots, std::int64_t n, std::uint32_t weight,
                      std::uint64_t* cells);

    // out[j] = float(double(cells[j]) * scale + bias), cells below 2^31, or 2^52.
    void (*normalise)(const std::uint32_t* cells, std::int64_t n, double scale, double bias,
                      float* out);
    void (*normalise_wide)(const std::uint64_t* cells, std::int64_t n, double scale, double bias,
                           float* out);

    // Adds up n codes, and counts those up to `black`.
    void (*count_levels)(const std::uint8_t* grey, std::int64_t n, std::uint8_t black,
                         LevelCounts& counts);

    // The same of codes of more than 8 bits, and colour in samples `step` bytes apart.
    // neutral: code of no colour.
    void (*count_wide)(const std::uint16_t* codes, std::int64_t n, std::uint16_t black,
                       LevelCounts& counts);
    std::int64_t (*color_wide)(const ChromaRow& row, std::int64_t n, const DecodeParams& params,
                               const ColorLimits& limits, int step, int neutral);

    // Sum of n bytes: the least that any reader can do, for the benchmark.
    std::uint64_t (*sum_bytes)(const std::uint8_t* src, std::int64_t n);
};

// The set called name, or the best one of this machine for "" and "auto".
// Throws Error("isa-unavailable").
const Kernels& select_kernels(const std::string& name);

// Names of the sets this machine can run, best first; "scalar" is always the last.
std::vector<std::string> available_isas();

extern const Kernels kScalarKernels;
#ifdef SONOGAZE_X86
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
#endif
#ifdef SONOGAZE_NEON
extern const Kernels kNeonKernels;
#endif

}  // namespace sonogaze
