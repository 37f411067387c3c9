#include <algorithm>

#include "pass.hpp"
#include "sonogaze/plan.hpp"

namespace sonogaze {
namespace {

// Takes a workspace for the time of one frame.
class Borrowed {
  public:
    explicit Borrowed(WorkspacePool& pool) : pool_(pool), workspace_(pool.take()) {}
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    ~Borrowed() { pool_.give(std::move(workspace_)); }
    Workspace& operator*() const noexcept { return *workspace_; }

  private:
    WorkspacePool& pool_;
    std::unique_ptr<Workspace> workspace_;
};

}  // namespace

void Plan::run(const Planes& data, float* out) const {
    const Borrowed work(pool_);
    Pass pass(*this, data, *work, nullptr, nullptr);
    fill_target(pass, out);
}

Statistics Plan::measure(const Planes& data, float* out, float* coarse,
                         const float* previous) const {
    const Borrowed work(pool_);
    const int bits = layout_->spec.format->bits;
    const double levels = 255.0 / code_levels(bits, layout_->spec.range);
    const auto area = static_cast<double>(layout_->box_width * layout_->box_height);
    CoarseRows rows(inner_.width, levels / area, -black_code(bits, layout_->spec.range) * levels,
                    coarse);
    Statistics statistics;
    Pass pass(*this, data, *work, &statistics, &rows);
    fill_target(pass, out);
    if (previous != nullptr) {
        const Change change = mean_change(coarse, previous, coarse_columns() * coarse_rows());
        statistics.difference = change.difference;
        statistics.shift = change.shift;
    }
    return statistics;
}

void Plan::fill_target(Pass& pass, float* out) const {
    const std::int64_t width = target_.width;
    std::fill_n(out, inner_.y * width, pad_);
    for (std::int64_t i = 0; i < inner_.height; ++i) {
        float* row = out + (inner_.y + i) * width;
        std::fill_n(row, inner_.x, pad_);
        pass.output_row(static_cast<std::size_t>(i), row + inner_.x);
        const std::int64_t used = inner_.x + inner_.width;
        std::fill_n(row + used, width - used, pad_);
    }
    const std::int64_t done = inner_.y + inner_.height;
    std::fill_n(out + done * width, (target_.height - done) * width, pad_);
}

}  // namespace sonogaze
