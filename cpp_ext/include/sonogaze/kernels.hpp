#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sonogaze/axis.hpp"
#include "sonogaze/format.hpp"

namespace sonogaze {

// What a row of source pixels needs beside its bytes.
struct DecodeParams {
    std::uint8_t low = 0, high = 255;   // codes are clipped to these
    std::uint16_t window_low = 0;       // GRAY16
    std::uint16_t window_high = 65535;  // GRAY16
    std::uint32_t window_scale = 0;     // GRAY16: grey levels per count, 8.24 fixed point
};

// Coloured means |R - grey| or |B - grey| above a limit; YUV compares chroma codes instead.
struct ColorParams {
    std::int32_t rgb_limit = 0;
    std::uint8_t cb_limit = 0, cr_limit = 0;
};

struct LevelCounts {
    std::int64_t black = 0, saturated = 0;
};

// One instruction set's inner loops. The scalar set is the specification; every other one gives
// the same bits. No kernel reads or writes a byte beyond the stated counts.
struct Kernels {
    const char* name;

    // grey[0..n) from n pixels whose first byte is src. For YUYV and UYVY src is the two bytes of
    // the first pixel; for planar YUV it is luma.
    using Decode = void (*)(const std::uint8_t* src, std::int64_t n, std::uint8_t* grey,
                            const DecodeParams& params);
    std::array<Decode, kFormats> decode;  // null: the row is grey as it lies in memory

    // sums[0..n) = grey, or += grey.
    void (*set_row)(const std::uint8_t* grey, std::int64_t n, std::uint16_t* sums);
    void (*add_row)(const std::uint8_t* grey, std::int64_t n, std::uint16_t* sums);

    // cells[j] += row_weight * (dot product of the table's row j with sums). No sum is above
    // 32640, and sums is readable up to table.taps beyond its last column.
    void (*add_cells)(const std::uint16_t* sums, const TapTable& table, std::uint32_t row_weight,
                      std::uint64_t* cells);

    // out[j] = float(double(cells[j]) * scale + bias), cells below 2^52.
    void (*normalise)(const std::uint64_t* cells, std::int64_t n, double scale, double bias,
                      float* out);
};

// The set called name, or the best one of this machine for "" and "auto".
// Throws Error("isa-unavailable").
const Kernels& select_kernels(const std::string& name);

// Names of the sets this machine can run, best first; "scalar" is always the last.
std::vector<std::string> available_isas();

const Kernels& scalar_kernels() noexcept;

}  // namespace sonogaze
