#include "sonogaze/workspace.hpp"

#include <algorithm>
#include <utility>

#include "sonogaze/kernels.hpp"

namespace sonogaze {

Workspace::Workspace(std::int64_t columns, std::int64_t taps, std::int64_t cell_count)
    : grey(static_cast<std::size_t>(columns * kGreyRows)),
      sums(static_cast<std::size_t>(columns + std::max(taps, kPairColumns))),
      cells(static_cast<std::size_t>(cell_count)),
      dots(static_cast<std::size_t>(cell_count)),
      edge(static_cast<std::size_t>(cell_count)) {}

WorkspacePool::WorkspacePool(std::int64_t columns, std::int64_t taps, std::int64_t cells)
    : columns_(columns), taps_(taps), cells_(cells) {}

std::unique_ptr<Workspace> WorkspacePool::take() {
    {
        const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
        if (lock && !free_.empty()) {
            std::unique_ptr<Workspace> workspace = std::move(free_.back());
            free_.pop_back();
            return workspace;
        }
        if (lock) free_.reserve(++made_);  // give() below must not allocate
    }
    return std::make_unique<Workspace>(columns_, taps_, cells_);
}

void WorkspacePool::give(std::unique_ptr<Workspace> workspace) noexcept {
    const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
    if (lock && free_.size() < free_.capacity()) free_.push_back(std::move(workspace));
}

}  // namespace sonogaze
