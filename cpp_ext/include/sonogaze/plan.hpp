#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "sonogaze/axis.hpp"
#include "sonogaze/kernels.hpp"
#include "sonogaze/layout.hpp"
#include "sonogaze/statistics.hpp"
#include "sonogaze/workspace.hpp"

namespace sonogaze {

constexpr std::int64_t kMaxTarget = 2048;  // cells a side; keeps every weight within 16 bits

struct TargetSpec {
    std::int64_t width = 0, height = 0;
    bool letterbox = false;
    double mean = 0, std = 1;  // of grey in 0..1
    std::int64_t pad_level = 0;
};

// Where the region lands in the target, in cells.
struct Inner {
    std::int64_t x, y, width, height;
};

// The lowest address of each buffer of a frame.
using Planes = std::array<const std::uint8_t*, kMaxPlanes>;

class Pass;

// Everything about one geometry that does not depend on the pixels. Immutable but for its pool of
// scratch memory, which locks itself: any number of threads may run one plan at once.
class Plan {
  public:
    // Throws Error.
    Plan(std::shared_ptr<const Layout> layout, const TargetSpec& target, const std::string& isa);

    std::int64_t outputs() const noexcept { return target_.width * target_.height; }
    const TargetSpec& target() const noexcept { return target_; }
    const Inner& inner() const noexcept { return inner_; }
    std::int64_t coarse_columns() const noexcept { return coarse_side(inner_.width); }
    std::int64_t coarse_rows() const noexcept { return coarse_side(inner_.height); }
    const char* isa() const noexcept { return kernels_.name; }
    const Layout& layout() const noexcept { return *layout_; }

    // out: outputs() floats, every one written. Pixels may change meanwhile: the values are then
    // a mixture, but nothing outside the buffers is touched.
    void run(const Planes& data, float* out) const;

    // As run(), and counts on the way. coarse: coarse_cells() grey levels, every one written: the
    // means of kCoarseCells cells side by side, in every kCoarseCells-th row of the region's cells.
    // previous: such an array of another frame, or null.
    Statistics measure(const Planes& data, float* out, float* coarse, const float* previous) const;

  private:
    friend class Pass;

    static std::int64_t coarse_side(std::int64_t cells) noexcept {
        return (cells + kCoarseCells - 1) / kCoarseCells;
    }
    void fill_target(Pass& pass, float* out) const;

    std::shared_ptr<const Layout> layout_;
    TargetSpec target_;
    const Kernels& kernels_;
    Inner inner_;
    Axis rows_;
    // An output row's weights were divided by this, so that its weighed sum of pixels fits 16 bits,
    // and those of the columns multiplied; 0 where that cannot be.
    std::int32_t divisor_;
    TapTable taps_;
    DecodeParams decode_;
    std::uint16_t black_;  // highest code that counts as black
    ColorLimits colors_;
    std::uint16_t paint_;  // code of pixels outside a sector
    double scale_, bias_;
    float pad_;
    std::int64_t rows_per_flush_;  // rows whose 16-bit sums cannot overflow, where divisor_ is 0
    mutable WorkspacePool pool_;
};

}  // namespace sonogaze
