#include "sonogaze/attention.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "sonogaze/error.hpp"

namespace sonogaze {
namespace {

// Between which two cells of the map a pixel's centre lies, and how near to the second.
struct Between {
    std::int32_t low, high;
    float part;
};

// One side of the frame's box: `pixels` of it lie on cells first .. first + cells of a tensor side.
struct Side {
    std::int64_t pixels, first, cells, tensor, map;
};

std::vector<Between> places(const Side& side) {
    const double per_cell = static_cast<double>(side.map) / static_cast<double>(side.tensor);
    // Cells of the map that the region overlaps: what lies wholly in the padding must not leak in.
    const double begin = std::floor(static_cast<double>(side.first) * per_cell);
    const double end = std::ceil(static_cast<double>(side.first + side.cells) * per_cell);
    std::vector<Between> found(static_cast<std::size_t>(side.pixels));
    for (std::size_t i = 0; i < found.size(); ++i) {
        const double share = (static_cast<double>(i) + 0.5) / static_cast<double>(side.pixels);
        const double cell =
            static_cast<double>(side.first) + share * static_cast<double>(side.cells);
        const double at = std::clamp(cell * per_cell - 0.5, begin, end - 1);
        const double low = std::floor(at);
        found[i] = {static_cast<std::int32_t>(low),
                    static_cast<std::int32_t>(std::min(low + 1, end - 1)),
                    static_cast<float>(at - low)};
    }
    return found;
}

float blend(float a, float b, float part) noexcept { return a + (b - a) * part; }

class Spread {
  public:
    Spread(const Layout& layout, const AttentionMap& map, float* out)
        : layout_(layout),
          map_(map),
          out_(out),
          x0_(layout.first_column()),
          columns_(places({layout.end_column() - x0_, map.inner.x, map.inner.width,
                           map.tensor_width, map.columns})),
          rows_(places({layout.end_row() - layout.first_row(), map.inner.y, map.inner.height,
                        map.tensor_height, map.rows})),
          blended_(static_cast<std::size_t>(map.columns)) {}

    double fill() {
        double sum = 0;
        for (std::size_t y = 0; y < rows_.size(); ++y) {
            blend_rows(rows_[y]);
            each_span(y, [&](std::int64_t x0, std::int64_t x1) { sum += fill_span(y, x0, x1); });
        }
        return sum;
    }

    void scale(float factor) {
        for (std::size_t y = 0; y < rows_.size(); ++y) {
            each_span(y, [&](std::int64_t x0, std::int64_t x1) {
                float* const row = row_of(y);
                for (std::int64_t x = x0; x < x1; ++x) row[x] *= factor;
            });
        }
    }

  private:
    // Columns of the frame that belong to the region, in row y of its box.
    template <class Each>
    void each_span(std::size_t y, Each each) const {
        if (!layout_.is_sector()) {
            each(x0_, layout_.end_column());
            return;
        }
        for (std::size_t s = layout_.row_start[y]; s < layout_.row_start[y + 1]; ++s) {
            each(layout_.spans[s].x0, layout_.spans[s].x1);
        }
    }

    float* row_of(std::size_t y) const {
        return out_ + (layout_.first_row() + static_cast<std::int64_t>(y)) * layout_.spec.width;
    }

    void blend_rows(const Between& place) {
        const float* const low = map_.cells + place.low * map_.columns;
        const float* const high = map_.cells + place.high * map_.columns;
        for (std::size_t x = 0; x < blended_.size(); ++x) {
            blended_[x] = blend(low[x], high[x], place.part);
        }
    }

    double fill_span(std::size_t y, std::int64_t x0, std::int64_t x1) {
        float* const row = row_of(y);
        double sum = 0;
        for (std::int64_t x = x0; x < x1; ++x) {
            const Between& place = columns_[static_cast<std::size_t>(x - x0_)];
            row[x] = blend(blended_[static_cast<std::size_t>(place.low)],
                           blended_[static_cast<std::size_t>(place.high)], place.part);
            sum += static_cast<double>(row[x]);
        }
        return sum;
    }

    const Layout& layout_;
    const AttentionMap& map_;
    float* out_;
    std::int64_t x0_;
    std::vector<Between> columns_, rows_;
    std::vector<float> blended_;  // one row of the map between two of its rows
};

}  // namespace

void check_attention_map(const AttentionMap& map) {
    const auto inside = [](std::int64_t first, std::int64_t cells, std::int64_t side) {
        return side >= 1 && side <= kMaxTarget && first >= 0 && cells >= 1 && cells <= side &&
               first <= side - cells;
    };
    const bool sane = map.rows >= 1 && map.rows <= kMaxTarget && map.columns >= 1 &&
                      map.columns <= kMaxTarget &&
                      inside(map.inner.x, map.inner.width, map.tensor_width) &&
                      inside(map.inner.y, map.inner.height, map.tensor_height);
    if (!sane) {
        throw Error("output-invalid",
                    "the attention map or its inner rectangle does not fit the tensor");
    }
}

void spread_attention(const Layout& layout, const AttentionMap& map, float* out) {
    std::fill_n(out, layout.spec.width * layout.spec.height, 0.0F);
    Spread spread(layout, map, out);
    const double sum = spread.fill();
    if (sum > 0) spread.scale(static_cast<float>(1 / sum));
}

}  // namespace sonogaze
