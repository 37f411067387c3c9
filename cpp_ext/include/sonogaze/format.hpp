#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace sonogaze {

enum class Matrix : std::uint8_t { none, bt601, bt709, bt2020 };
enum class Range : std::uint8_t { full, limited };

// How plane 0 becomes grey codes: each is a row kernel of every instruction set. Bytes are named in
// memory order, first byte first.
enum class Luma : std::uint8_t {
    bytes,       // the code itself
    even_bytes,  // the first byte of each two: YUYV
    odd_bytes,   // the second one: UYVY
    window16,    // little-endian 16 bits through the frame's window
    rgb24,
    bgr24,
    rgba32,
    bgra32,
    argb32,
    abgr32,
    words,  // little-endian 16 bits that hold a code of more than 8
};
constexpr int kLumas = 11;
constexpr int kMaxPlanes = 3;

// Where the samples of colour lie.
struct Chroma {
    int step;             // bytes from a U sample to the next one in its row; 0: there is none
    int u_plane, u_byte;  // plane and byte of the first U sample
    int v_plane, v_byte;
    int columns, rows;  // pixels that share a sample
};

// Everything that code here or in Python needs to know of a format; docs/formats.md says it in
// words. A further format of known kinds is a row of the table in format.cpp.
struct FormatTraits {
    const char* name;
    Luma luma;
    int planes;
    int pixel_bytes;   // from a pixel to the next one in plane 0
    int sample_bytes;  // of one number
    int bits;          // of a grey code
    int shift;         // unused bits below a code in its word
    Chroma chroma;

    constexpr bool yuv() const noexcept { return chroma.step != 0; }
    // Two pixels share what lies between them: rows hold whole pairs.
    constexpr bool packed() const noexcept { return yuv() && chroma.u_plane == 0; }
    constexpr bool wide() const noexcept { return bits > 8; }
    constexpr int max_code() const noexcept { return (1 << bits) - 1; }
};

constexpr int kFormats = 25;
extern const std::array<FormatTraits, kFormats> kFormatTable;

// Throws Error("format-unknown"). The table lives as long as the process.
const FormatTraits& parse_format(const std::string& name);

// Bytes that one row of a plane really uses, without padding.
std::int64_t row_bytes(const FormatTraits& format, int plane, std::int64_t width) noexcept;
std::int64_t plane_rows(const FormatTraits& format, int plane, std::int64_t height) noexcept;

// Samples of `per` pixels each that pixels first..end touch.
struct SampleSpan {
    std::int64_t first, count;
};
SampleSpan samples_of(std::int64_t first, std::int64_t end, int per) noexcept;

// Code of black, and codes from black to white.
double black_code(int bits, Range range) noexcept;
double code_levels(int bits, Range range) noexcept;

}  // namespace sonogaze
