#include "sonogaze/format.hpp"

#include "sonogaze/error.hpp"

namespace sonogaze {
namespace {

constexpr Chroma kNone{0, 0, 0, 0, 0, 1, 1};

// Packed 4:2:2: four bytes a pair of pixels, U and V at these bytes.
constexpr Chroma pairs(int u, int v) { return {4, 0, u, 0, v, 2, 1}; }

// One plane of U and V by turns, `bytes` each; U first or V first.
constexpr Chroma interleaved(int bytes, bool u_first, int columns, int rows) {
    return {2 * bytes, 1, u_first ? 0 : bytes, 1, u_first ? bytes : 0, columns, rows};
}

// A plane each; of V before of U in the YV formats.
constexpr Chroma planar(int bytes, bool u_first, int columns, int rows) {
    return {bytes, u_first ? 1 : 2, 0, u_first ? 2 : 1, 0, columns, rows};
}

}  // namespace

// name, luma, planes, pixel_bytes, sample_bytes, bits, shift, chroma
const std::array<FormatTraits, kFormats> kFormatTable{{
    {"GRAY8", Luma::bytes, 1, 1, 1, 8, 0, kNone},
    {"GRAY16", Luma::window16, 1, 2, 2, 8, 0, kNone},
    {"RGB24", Luma::rgb24, 1, 3, 1, 8, 0, kNone},
    {"BGR24", Luma::bgr24, 1, 3, 1, 8, 0, kNone},
    {"RGBA32", Luma::rgba32, 1, 4, 1, 8, 0, kNone},
    {"BGRA32", Luma::bgra32, 1, 4, 1, 8, 0, kNone},
    {"ARGB32", Luma::argb32, 1, 4, 1, 8, 0, kNone},
    {"ABGR32", Luma::abgr32, 1, 4, 1, 8, 0, kNone},
    {"YUYV", Luma::even_bytes, 1, 2, 1, 8, 0, pairs(1, 3)},
    {"YVYU", Luma::even_bytes, 1, 2, 1, 8, 0, pairs(3, 1)},
    {"UYVY", Luma::odd_bytes, 1, 2, 1, 8, 0, pairs(0, 2)},
    {"VYUY", Luma::odd_bytes, 1, 2, 1, 8, 0, pairs(2, 0)},
    {"NV12", Luma::bytes, 2, 1, 1, 8, 0, interleaved(1, true, 2, 2)},
    {"NV21", Luma::bytes, 2, 1, 1, 8, 0, interleaved(1, false, 2, 2)},
    {"NV16", Luma::bytes, 2, 1, 1, 8, 0, interleaved(1, true, 2, 1)},
    {"NV61", Luma::bytes, 2, 1, 1, 8, 0, interleaved(1, false, 2, 1)},
    {"NV24", Luma::bytes, 2, 1, 1, 8, 0, interleaved(1, true, 1, 1)},
    {"I420", Luma::bytes, 3, 1, 1, 8, 0, planar(1, true, 2, 2)},
    {"YV12", Luma::bytes, 3, 1, 1, 8, 0, planar(1, false, 2, 2)},
    {"I422", Luma::bytes, 3, 1, 1, 8, 0, planar(1, true, 2, 1)},
    {"YV16", Luma::bytes, 3, 1, 1, 8, 0, planar(1, false, 2, 1)},
    {"I444", Luma::bytes, 3, 1, 1, 8, 0, planar(1, true, 1, 1)},
    {"P010", Luma::words, 2, 2, 2, 10, 6, interleaved(2, true, 2, 2)},
    {"P210", Luma::words, 2, 2, 2, 10, 6, interleaved(2, true, 2, 1)},
    {"I010", Luma::words, 3, 2, 2, 10, 0, planar(2, true, 2, 2)},
}};

const FormatTraits& parse_format(const std::string& name) {
    for (const FormatTraits& format : kFormatTable) {
        if (name == format.name) return format;
    }
    std::string known;
    for (const FormatTraits& format : kFormatTable) {
        known += (known.empty() ? "" : ", ") + std::string(format.name);
    }
    throw Error("format-unknown", "format is '" + name + "', it must be one of " + known);
}

SampleSpan samples_of(std::int64_t first, std::int64_t end, int per) noexcept {
    return {first / per, (end + per - 1) / per - first / per};
}

std::int64_t row_bytes(const FormatTraits& format, int plane, std::int64_t width) noexcept {
    const Chroma& chroma = format.chroma;
    if (plane == 0 && !format.packed()) return width * format.pixel_bytes;
    return samples_of(0, width, chroma.columns).count * chroma.step;
}

std::int64_t plane_rows(const FormatTraits& format, int plane, std::int64_t height) noexcept {
    return plane == 0 ? height : samples_of(0, height, format.chroma.rows).count;
}

// Rec. ITU-R BT.601-7 2.5.3, BT.709-6 4.6, BT.2020-2 table 5: limited codes of n bits are those of
// 8 bits times 2^(n - 8). Full range uses every code (ITU-T H.273, 8.3).
double black_code(int bits, Range range) noexcept {
    return range == Range::limited ? 16 << (bits - 8) : 0;
}

double code_levels(int bits, Range range) noexcept {
    return range == Range::limited ? 219 << (bits - 8) : (1 << bits) - 1;
}

}  // namespace sonogaze
