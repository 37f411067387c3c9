#include "sonogaze/gate.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "sonogaze/error.hpp"

namespace sonogaze {

namespace {

constexpr std::int64_t kLargestStep = 8;
constexpr std::int64_t kFewestCells = 16;
constexpr double kHalf = 0.5;
constexpr double kFewestLitOfNoise = 0.1;

// The cells that are looked at: `rows` x `columns` of them, `step` cells apart, from `first` on.
class Samples {
  public:
    Samples(const float* tensor, std::int64_t width, const Inner& inner) noexcept
        : first_(tensor + inner.y * width + inner.x),
          width_(width),
          step_(std::clamp(std::min(inner.width, inner.height) / kFewestCells, std::int64_t{1},
                           kLargestStep)),
          rows_(places(inner.height)),
          columns_(places(inner.width)) {}

    std::int64_t rows() const noexcept { return rows_; }
    std::int64_t columns() const noexcept { return columns_; }
    double count() const noexcept { return static_cast<double>(rows_ * columns_); }
    const float* at(std::int64_t row, std::int64_t column) const noexcept {
        return first_ + (row * width_ + column) * step_;
    }
    float right(std::int64_t row, std::int64_t column) const noexcept { return at(row, column)[1]; }
    float below(std::int64_t row, std::int64_t column) const noexcept {
        return at(row, column)[width_];
    }

  private:
    // Every sampled cell has a neighbour inside.
    std::int64_t places(std::int64_t side) const noexcept { return (side - 2) / step_ + 1; }

    const float* first_;
    std::int64_t width_, step_, rows_, columns_;
};

struct Sums {
    double value = 0, square = 0, right = 0, down = 0;
    std::int64_t lit = 0, white = 0;
};

Sums sum_up(const Samples& samples, const GateLimits& limits) noexcept {
    Sums sums;
    for (std::int64_t row = 0; row < samples.rows(); ++row) {
        for (std::int64_t column = 0; column < samples.columns(); ++column) {
            const float cell = *samples.at(row, column);
            const double value = cell, right = samples.right(row, column) - cell,
                         down = samples.below(row, column) - cell;
            sums.value += value;
            sums.square += value * value;
            sums.right += right * right;
            sums.down += down * down;
            sums.lit += cell > limits.black ? 1 : 0;
            sums.white += cell >= limits.saturated ? 1 : 0;
        }
    }
    return sums;
}

// The share of rows that the row one cell below repeats; black ones, which always do, don't count.
double repeated_rows(const Samples& samples, const GateLimits& limits) noexcept {
    std::int64_t repeated = 0, rows = samples.rows();
    for (std::int64_t row = 0; row < samples.rows(); ++row) {
        std::int64_t column = 0;
        bool lit = false;
        for (; column < samples.columns(); ++column) {
            const float cell = *samples.at(row, column), below = samples.below(row, column);
            if (std::abs(below - cell) > limits.repeat) break;
            lit = lit || std::max(cell, below) > limits.black;
        }
        const bool same = column == samples.columns();
        repeated += same && lit ? 1 : 0;
        rows -= same && !lit ? 1 : 0;
    }
    return rows == 0 ? 0.0 : static_cast<double>(repeated) / static_cast<double>(rows);
}

double repeated_columns(const Samples& samples, const GateLimits& limits) noexcept {
    std::int64_t repeated = 0, columns = samples.columns();
    for (std::int64_t column = 0; column < samples.columns(); ++column) {
        std::int64_t row = 0;
        bool lit = false;
        for (; row < samples.rows(); ++row) {
            const float cell = *samples.at(row, column), right = samples.right(row, column);
            if (std::abs(right - cell) > limits.repeat) break;
            lit = lit || std::max(cell, right) > limits.black;
        }
        const bool same = row == samples.rows();
        repeated += same && lit ? 1 : 0;
        columns -= same && !lit ? 1 : 0;
    }
    return columns == 0 ? 0.0 : static_cast<double>(repeated) / static_cast<double>(columns);
}

bool any_lit(const float* tensor, std::int64_t width, const Inner& inner, float black) noexcept {
    for (std::int64_t y = inner.y; y < inner.y + inner.height; ++y) {
        const float* const row = tensor + y * width + inner.x;
        unsigned lit = 0;  // without a way out, so that it is compiled to vectors
        for (std::int64_t x = 0; x < inner.width; ++x) lit |= row[x] > black ? 1U : 0U;
        if (lit != 0) return true;
    }
    return false;
}

}  // namespace

void check_gate(std::int64_t width, std::int64_t height, const GateLimits& limits) {
    for (const std::int64_t side : {width, height}) {
        if (side < 1 || side > kMaxTarget) {
            throw Error("preprocessing-invalid", "a side of the gate is " + std::to_string(side) +
                                                     ", it must be 1.." +
                                                     std::to_string(kMaxTarget) + " cells");
        }
    }
    const double numbers[] = {
        limits.black,         limits.saturated,           limits.repeat,
        limits.min_lit_share, limits.max_saturated_share, limits.max_repeated_share,
        limits.min_variance,  limits.min_correlation,     limits.pattern_correlation};
    for (const double number : numbers) {
        if (!std::isfinite(number)) {
            throw Error("preprocessing-invalid", "a threshold of the gate is " +
                                                     std::to_string(number) +
                                                     ", it must be a finite number");
        }
    }
}

Fault judge(const float* tensor, std::int64_t width, const Inner& inner,
            const GateLimits& limits) noexcept {
    if (inner.width < 2 || inner.height < 2) return Fault::none;
    const Samples samples(tensor, width, inner);
    const double count = samples.count();
    const Sums sums = sum_up(samples, limits);
    const double lit_share = static_cast<double>(sums.lit) / count;
    if (lit_share < limits.min_lit_share) {
        const bool lit = sums.lit > 0 || any_lit(tensor, width, inner, limits.black);
        return lit ? Fault::nearly_black : Fault::no_signal;
    }
    const double mean = sums.value / count;
    const double variance = std::max(sums.square / count - mean * mean, 0.0);
    if (variance < limits.min_variance) {
        return lit_share < kHalf ? Fault::nearly_black : Fault::uniform;
    }
    if (static_cast<double>(sums.white) > limits.max_saturated_share * count) {
        return Fault::saturated;
    }
    // the mean square of a difference is 2 * variance * (1 - correlation)
    const double unlike = 2 * variance * count;
    // Snow is unrelated in every direction and everywhere. Muscle fibres are unrelated across but
    // not along; a few echoes in water are unrelated because each is one cell small.
    if (std::min(sums.right, sums.down) > (1 - limits.min_correlation) * unlike &&
        lit_share >= kFewestLitOfNoise) {
        return Fault::noise;
    }
    if (std::min(sums.right, sums.down) > (1 - limits.pattern_correlation) * unlike) {
        return Fault::none;
    }
    const double repeated =
        std::max(repeated_rows(samples, limits), repeated_columns(samples, limits));
    return repeated > limits.max_repeated_share ? Fault::test_pattern : Fault::none;
}

}  // namespace sonogaze
