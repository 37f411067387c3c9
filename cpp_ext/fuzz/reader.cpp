#include "reader.hpp"

#include <cstring>

namespace sonogaze::fuzz {

std::uint8_t Reader::byte() { return at_ < size_ ? data_[at_++] : std::uint8_t{0}; }

std::int64_t Reader::wild() {
    std::uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits = bits << 8 | byte();
    std::int64_t value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

double Reader::wild_real() {
    const std::int64_t bits = wild();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

std::int64_t Reader::within(std::int64_t low, std::int64_t high) {
    const std::int64_t two_bytes = byte() << 8 | byte();
    return low + two_bytes % (high - low + 1);
}

double Reader::real_within(double low, double high) {
    const int two_bytes = byte() << 8 | byte();
    return low + (high - low) * static_cast<double>(two_bytes) / 65535.0;
}

void Reader::strides(FrameSpec& spec, std::uint8_t how) {
    const int planes = spec.format->planes;
    if (how % 4 == 0) return;
    for (int p = 0; p < planes; ++p) {
        const std::int64_t used = row_bytes(*spec.format, p, spec.width);
        const std::int64_t pitch = used + (how % 4 == 3 ? within(-2, 40) : 0);
        spec.strides.push_back((byte() & 1) != 0 ? -pitch : pitch);
    }
    if (how == 255) spec.strides.back() = wild();
    if (how == 254) spec.strides.push_back(1);
}

void Reader::region(FrameSpec& spec, std::uint8_t kind) {
    RegionSpec& r = spec.region;
    const std::int64_t width = spec.width * spec.unit;
    const std::int64_t height = spec.height * spec.unit;
    if (kind % 4 == 1 || kind % 4 == 2) {
        r.kind = RegionSpec::Kind::rectangle;
        r.x = kind > 250 ? wild() : within(0, width - 1);
        r.y = kind > 250 ? wild() : within(0, height - 1);
        r.width = kind > 250 ? wild() : within(1, width - r.x);
        r.height = kind > 250 ? wild() : within(1, height - r.y);
    } else if (kind % 4 == 3) {
        r.kind = RegionSpec::Kind::sector;
        const bool any = kind > 250;
        r.cx = any ? wild_real() : real_within(-20, static_cast<double>(width) + 20);
        r.cy = any ? wild_real() : real_within(-20, static_cast<double>(height) + 20);
        r.r_min = any ? wild_real() : real_within(0, 60);
        r.r_max = any ? wild_real() : r.r_min + real_within(0.5, 150);
        r.angle_min_deg = any ? wild_real() : real_within(-180, 170);
        r.angle_max_deg = any ? wild_real() : r.angle_min_deg + real_within(1, 190);
        spec.unit = 1;
        r.clipped = (kind & 4) != 0;
        if (!r.clipped) return;
        r.x = any ? wild() : within(0, spec.width - 1);
        r.y = any ? wild() : within(0, spec.height - 1);
        r.width = any ? wild() : within(1, spec.width - r.x);
        r.height = any ? wild() : within(1, spec.height - r.y);
    }
}

FrameSpec Reader::frame() {
    FrameSpec spec;
    spec.format = &kFormatTable[byte() % kFormats];
    const std::uint8_t flags = byte();
    spec.separate_planes = (flags & 1) != 0;
    spec.unit = (flags & 6) == 6 ? 1 + flags / 32 : 1;
    // Small frames run fast. A few are wide enough for the widest table, or tall enough to flush
    // the 16-bit sums.
    const bool wide = (flags & 0xE8) == 0xE8;
    const bool tall = (flags & 0xE8) == 0xA8;
    spec.width = within(1, wide ? 700 : 80);
    spec.height = within(1, tall ? 400 : 12);
    if (spec.format->yuv()) {
        spec.matrix = static_cast<Matrix>(1 + byte() % 3);
        spec.range = (flags & 16) != 0 ? Range::limited : Range::full;
    }
    spec.window_low = within(0, 65534);
    spec.window_high = within(spec.window_low + 1, 65535);
    strides(spec, byte());
    region(spec, byte());
    const std::uint8_t trouble = byte();
    if (trouble == 255) spec.width = wild();
    if (trouble == 254) spec.height = wild();
    if (trouble == 253) spec.window_high = wild();
    if (trouble == 252) spec.matrix = static_cast<Matrix>(byte() % 4);
    if (trouble == 251) spec.pixel_width_mm = wild_real();
    if (trouble == 250) spec.pixel_height_mm = real_within(0.01, 10);
    if (trouble == 249) spec.unit = wild();
    return spec;
}

TargetSpec Reader::target() {
    TargetSpec target;
    const std::uint8_t trouble = byte();
    target.width = within(1, trouble % 8 == 0 ? 60 : 12);
    target.height = within(1, trouble % 8 == 0 ? 40 : 6);
    target.letterbox = (trouble & 2) != 0;
    target.mean = real_within(-1, 1);
    target.std = real_within(0.05, 2);
    target.pad_level = byte();
    if (trouble == 252) target.width = wild();
    if (trouble == 253) target.std = wild_real();
    if (trouble == 254) target.mean = wild_real();
    if (trouble == 248) target.pad_level = wild();
    return target;
}

void Reader::fill(std::uint8_t* to, std::size_t n) {
    const std::size_t left = at_ < size_ ? size_ - at_ : 0;
    for (std::size_t i = 0; i < n; ++i) {
        // Without a remainder, a pattern that has every byte.
        to[i] = left == 0 ? static_cast<std::uint8_t>(i * 37) : data_[at_ + i % left];
    }
}

}  // namespace sonogaze::fuzz
