#include "sonogaze/format.hpp"

#include "sonogaze/error.hpp"

namespace sonogaze {
namespace {

constexpr std::array<FormatTraits, kFormats> kTraits{{
    {"GRAY8", 1, 1, false, false, false},
    {"GRAY16", 1, 2, false, false, false},
    {"RGB24", 1, 3, false, false, false},
    {"BGR24", 1, 3, false, false, false},
    {"RGBA32", 1, 4, false, false, false},
    {"BGRA32", 1, 4, false, false, false},
    {"ARGB32", 1, 4, false, false, false},
    {"YUYV", 1, 2, true, true, false},
    {"UYVY", 1, 2, true, true, false},
    {"NV12", 2, 1, true, false, true},
    {"NV21", 2, 1, true, false, true},
    {"I420", 3, 1, true, false, true},
    {"YV12", 3, 1, true, false, true},
}};

}  // namespace

const FormatTraits& traits(Format format) noexcept {
    return kTraits[static_cast<std::size_t>(format)];
}

Format parse_format(const std::string& name) {
    std::string known;
    for (std::size_t i = 0; i < kTraits.size(); ++i) {
        if (name == kTraits[i].name) return static_cast<Format>(i);
        known += (i == 0 ? "" : ", ") + std::string(kTraits[i].name);
    }
    throw Error("format-unknown", "format is '" + name + "', it must be one of " + known);
}

std::int64_t row_bytes(Format format, int plane, std::int64_t width) noexcept {
    const FormatTraits& t = traits(format);
    if (t.pairs) return (width + 1) / 2 * 4;
    if (plane == 0) return width * t.bytes_per_pixel;
    const std::int64_t samples = (width + 1) / 2;
    return t.planes == 2 ? samples * 2 : samples;
}

std::int64_t plane_rows(Format format, int plane, std::int64_t height) noexcept {
    (void)format;
    return plane == 0 ? height : (height + 1) / 2;
}

}  // namespace sonogaze
