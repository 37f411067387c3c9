#include "sonogaze/plan.hpp"

#include <algorithm>
#include <cmath>

#include "sonogaze/error.hpp"

namespace sonogaze {
namespace {

void check_target(const TargetSpec& t) {
    const auto bad = [](const std::string& what) { throw Error("preprocessing-invalid", what); };
    const auto side = [&](const char* field, std::int64_t v) {
        if (v < 1 || v > kMaxTarget) {
            bad(std::string(field) + " is " + std::to_string(v) + ", it must be 1.." +
                std::to_string(kMaxTarget) + " cells");
        }
    };
    side("width", t.width);
    side("height", t.height);
    if (!(std::isfinite(t.mean) && std::abs(t.mean) <= 1e3)) {
        bad("mean is " + std::to_string(t.mean) + ", it must be finite, within -1000..1000");
    }
    if (!(std::isfinite(t.std) && t.std >= 1e-6 && t.std <= 1e6)) {
        bad("std is " + std::to_string(t.std) + ", it must be within 1e-6..1e6");
    }
    if (t.pad_level < 0 || t.pad_level > 255) {
        bad("pad_level is " + std::to_string(t.pad_level) + ", it must be a grey level 0..255");
    }
}

std::int64_t shorter_side(double longer, double shorter, std::int64_t cells, std::int64_t limit) {
    const double exact = shorter * static_cast<double>(cells) / longer;
    return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(exact + 0.5)), 1, limit);
}

Inner place(const Layout& layout, const TargetSpec& t) {
    if (!t.letterbox) return {0, 0, t.width, t.height};
    const double width = static_cast<double>(layout.box_width) * layout.spec.pixel_width_mm;
    const double height = static_cast<double>(layout.box_height) * layout.spec.pixel_height_mm;
    std::int64_t w = t.width;
    std::int64_t h = t.height;
    if (width * static_cast<double>(t.height) >= height * static_cast<double>(t.width)) {
        h = shorter_side(width, height, t.width, t.height);
    } else {
        w = shorter_side(height, width, t.height, t.width);
    }
    return {(t.width - w) / 2, (t.height - h) / 2, w, h};
}

const Layout& checked(const std::shared_ptr<const Layout>& layout, const TargetSpec& target) {
    check_target(target);
    return *layout;
}

DecodeParams decode_params(const FrameSpec& spec) {
    const double black = black_code(spec.format->bits, spec.range);
    const double white = black + code_levels(spec.format->bits, spec.range);
    DecodeParams p{};
    p.low = static_cast<std::uint16_t>(black);
    p.high = static_cast<std::uint16_t>(white);
    p.shift = spec.format->shift;
    if (spec.format->luma == Luma::window16) {
        const auto span = static_cast<std::uint32_t>(spec.window_high - spec.window_low);
        p.window_low = static_cast<std::uint16_t>(spec.window_low);
        p.window_high = static_cast<std::uint16_t>(spec.window_high);
        p.window_scale = ((std::uint32_t{255} << 24) + span / 2) / span;
    }
    return p;
}

// A grey level 0..255 as the nearest code of the frame's depth and range.
std::uint16_t level_code(std::int64_t level, const FrameSpec& spec) {
    const auto black = static_cast<std::int64_t>(black_code(spec.format->bits, spec.range));
    const auto levels = static_cast<std::int64_t>(code_levels(spec.format->bits, spec.range));
    return static_cast<std::uint16_t>(black + (level * levels * 2 + 255) / 510);
}

// Rows of the largest code whose sum fits a signed 16-bit number: 127 of 8 bits, 31 of 10.
std::int64_t most_weight(const FormatTraits& format) {
    return (std::int64_t{1} << (15 - format.bits)) - 1;
}

// See Plan::divisor_. Column weights must stay signed 16-bit numbers, and cells signed 32-bit ones.
std::int32_t row_divisor(const Layout& layout, const Axis& rows, const Inner& inner) {
    constexpr std::int64_t kMostCell = 0x7FFFFFFF;
    const FormatTraits& format = *layout.spec.format;
    if (layout.box_width > kMostCell / (format.max_code() * layout.box_height)) return 0;
    const std::int32_t divisor = rows.divisor(most_weight(format));
    return divisor * inner.width * layout.spec.unit <= 32767 ? divisor : 0;
}

}  // namespace

Plan::Plan(std::shared_ptr<const Layout> layout, const TargetSpec& target, const std::string& isa,
           const std::string& fetch)
    : layout_(std::move(layout)),
      target_(target),
      kernels_(select_kernels(isa)),
      fetch_(select_fetch(fetch)),
      inner_(place(checked(layout_, target), target)),
      rows_(layout_->box_y % layout_->spec.unit, layout_->box_height, layout_->spec.unit,
            inner_.height),
      divisor_(row_divisor(*layout_, rows_, inner_)),
      taps_(Axis(layout_->box_x % layout_->spec.unit, layout_->box_width, layout_->spec.unit,
                 inner_.width),
            std::max(divisor_, 1)),
      decode_(decode_params(layout_->spec)),
      black_(black_limit(layout_->spec.format->bits, layout_->spec.range)),
      colors_(color_limits(layout_->spec.format->bits, layout_->spec.matrix, layout_->spec.range)),
      paint_(level_code(target.pad_level, layout_->spec)),
      pool_(layout_->end_column() - layout_->first_column(), taps_.taps,
            static_cast<std::int64_t>(taps_.first.size())) {
    const FormatTraits& format = *layout_->spec.format;
    const double levels = code_levels(format.bits, layout_->spec.range);
    const double black = black_code(format.bits, layout_->spec.range) / levels;
    const auto area = static_cast<double>(layout_->box_width * layout_->box_height);
    scale_ = 1.0 / (area * levels * target.std);
    bias_ = (-black - target.mean) / target.std;
    pad_ = static_cast<float>((static_cast<double>(target.pad_level) / 255.0 - target.mean) /
                              target.std);
    if (divisor_ != 0) rows_.divide(divisor_);
    // A cell of one flush stays within 32 bits.
    rows_per_flush_ = std::min<std::int64_t>(
        most_weight(format), 0xFFFFFFFFLL / (layout_->box_width * format.max_code()));
}

}  // namespace sonogaze
