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

std::uint16_t black_limit(int bits, Range range) noexcept {
    const double code = black_code(bits, range) + kBlackLevel * code_levels(bits, range) / 255.0;
    return static_cast<std::uint16_t>(std::floor(code));
}

ColorLimits color_limits(int bits, Matrix matrix, Range range) noexcept {
    const LumaWeights weights = luma_weights(matrix);
    const double codes = range == Range::limited ? 224 << (bits - 8) : (1 << bits) - 1;
    // B - Y = 2 (1 - Kb) Cb, and R - Y alike, on the scale of the grey levels.
    const auto limit = [codes](double weight) {
        return static_cast<std::uint16_t>(kColorLevel * codes / 255.0 / (2.0 * (1.0 - weight)));
    };
    return {kColorLevel, limit(weights.blue), limit(weights.red)};
}

}  // namespace sonogaze
