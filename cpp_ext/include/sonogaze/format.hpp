#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace sonogaze {

// Byte orders are those in memory, first byte first; docs/formats.md fixes each.
enum class Format : std::uint8_t {
    gray8,
    gray16,  // little-endian
    rgb24,
    bgr24,
    rgba32,
    bgra32,
    argb32,
    yuyv,
    uyvy,
    nv12,
    nv21,
    i420,
    yv12,
};
constexpr int kFormats = 13;
constexpr int kMaxPlanes = 3;

enum class Matrix : std::uint8_t { none, bt601, bt709, bt2020 };
enum class Range : std::uint8_t { full, limited };

struct FormatTraits {
    const char* name;
    int planes;
    int bytes_per_pixel;  // of plane 0; a YUYV pair of pixels is 4 bytes
    bool yuv;
    bool pairs;       // two pixels share one macropixel in plane 0
    bool subsampled;  // chroma planes hold half the columns and half the rows
};

const FormatTraits& traits(Format format) noexcept;

// Throws Error("format-unknown").
Format parse_format(const std::string& name);

// Bytes that one row of a plane really uses, without padding.
std::int64_t row_bytes(Format format, int plane, std::int64_t width) noexcept;
std::int64_t plane_rows(Format format, int plane, std::int64_t height) noexcept;

}  // namespace sonogaze
