#include "sonogaze/statistics.hpp"

#include <cmath>

namespace sonogaze {
namespace {

struct LumaWeights {
    double red, blue;
};

// Rec. ITU-R BT.601-7 2.5.1, BT.709-6 3.2, BT.2020-2 table 4.
LumaWeights luma_weights(Matrix matrix) noexcept {
    switch (matrix) {
        case Matrix::bt709:
            return {0.2126, 0.0722};
        case Matrix::bt2020:
            return {0.2627, 0.0593};
        case Matrix::none:
        case Matrix::bt601:
            break;
    }
    return {0.299, 0.114};
}

}  // namespace

double black_code(Range range) noexcept { return range == Range::limited ? 16.0 : 0.0; }

double code_levels(Range range) noexcept { return range == Range::limited ? 219.0 : 255.0; }

LevelLimits level_limits(Range range) noexcept {
    const auto code = [range](int level) {
        return black_code(range) + level * code_levels(range) / 255.0;
    };
    return {static_cast<std::uint8_t>(std::floor(code(kBlackLevel))),
            static_cast<std::uint8_t>(std::ceil(code(kSaturatedLevel)))};
}

ColorLimits color_limits(Matrix matrix, Range range) noexcept {
    const LumaWeights weights = luma_weights(matrix);
    const double codes = range == Range::limited ? 224.0 : 255.0;
    // B - Y = 2 (1 - Kb) Cb, and R - Y alike, on the scale of the grey levels.
    const auto limit = [codes](double weight) {
        return static_cast<std::uint8_t>(kColorLevel * codes / 255.0 / (2.0 * (1.0 - weight)));
    };
    return {kColorLevel, limit(weights.blue), limit(weights.red)};
}

}  // namespace sonogaze
