#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace sonogaze {

constexpr std::int64_t kGreyRows = 4;  // weighed at once

// Scratch of one running frame, sized once.
struct Workspace {
    Workspace(std::int64_t columns, std::int64_t taps, std::int64_t cell_count);

    std::vector<std::uint16_t> grey;   // kGreyRows decoded rows, of codes of 8 bits or of more
    std::vector<std::uint16_t> sums;   // column sums, readable beyond the last as kernels want
    std::vector<std::uint64_t> cells;  // one output row
    std::vector<std::uint32_t> dots;   // one output row of dot products
    std::vector<std::uint32_t> edge;   // the same of a row that two output rows share
};

// At most as many workspaces as frames were ever in flight at once. Never waits for its lock: a
// process forked while another thread held it would wait forever. Who doesn't get it makes a
// workspace, or drops one.
class WorkspacePool {
  public:
    WorkspacePool(std::int64_t columns, std::int64_t taps, std::int64_t cells);

    std::unique_ptr<Workspace> take();
    void give(std::unique_ptr<Workspace> workspace) noexcept;

  private:
    std::int64_t columns_, taps_, cells_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Workspace>> free_;
    std::size_t made_ = 0;
};

}  // namespace sonogaze
