#include "sonogaze/gate.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "sonogaze/error.hpp"

namespace sonogaze {

namespace {

constexpr std::int64_t kLargestStep = 8;
constexpr std::int64_t kFewestCells = 16;

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
    float step_right(std::int64_t row, std::int64_t column) const noexcept {
        const float* const cell = at(row, column);
        return cell[1] - cell[0];
    }
    float step_down(std::int64_t row, std::int64_t column) const noexcept {
        const float* const cell = at(row, column);
        return cell[width_] - cell[0];
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
            const double value = cell, right = samples.step_right(row, column),
                         down = samples.step_down(row, column);
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

// The share of rows that the row one cell below repeats.
double repeated_rows(const Samples& samples, float repeat) noexcept {
    std::int64_t repeated = 0;
    for (std::int64_t row = 0; row < samples.rows(); ++row) {
        std::int64_t column = 0;
        while (column < samples.columns() && std::abs(samples.step_down(row, column)) <= repeat) {
            ++column;
        }
        repeated += column == samples.columns() ? 1 : 0;
    }
    return static_cast<double>(repeated) / static_cast<double>(samples.rows());
}

double repeated_columns(const Samples& samples, float repeat) noexcept {
    std::int64_t repeated = 0;
    for (std::int64_t column = 0; column < samples.columns(); ++column) {
        std::int64_t row = 0;
        while (row < samples.rows() && std::abs(samples.step_right(row, column)) <= repeat) ++row;
        repeated += row == samples.rows() ? 1 : 0;
    }
    return static_cast<double>(repeated) / static_cast<double>(samples.columns());
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
    if (static_cast<double>(sums.lit) < limits.min_lit_share * count) return Fault::no_signal;
    const double mean = sums.value / count;
    const double variance = std::max(sums.square / count - mean * mean, 0.0);
    if (variance < limits.min_variance) return Fault::uniform;
    if (static_cast<double>(sums.white) > limits.max_saturated_share * count) {
        return Fault::saturated;
    }
    // the mean square of a difference is 2 * variance * (1 - correlation)
    const double unlike = 2 * variance * count;
    if (std::max(sums.right, sums.down) > (1 - limits.min_correlation) * unlike) {
        return Fault::noise;
    }
    if (std::min(sums.right, sums.down) > (1 - limits.pattern_correlation) * unlike) {
        return Fault::none;
    }
    const double repeated =
        std::max(repeated_rows(samples, limits.repeat), repeated_columns(samples, limits.repeat));
    return repeated > limits.max_repeated_share ? Fault::test_pattern : Fault::none;
}

}  // namespace sonogaze
