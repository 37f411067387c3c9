#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace sonogaze {

constexpr std::int64_t kGreyRows = 4;  // weighed at once

// Zeros that start where a cache line does: vectors of 64 bytes that cross lines are stored twice.
template <class Item>
class Lines {
  public:
    explicit Lines(std::int64_t count)
        : lines_(static_cast<std::size_t>(in_lines(count)) * sizeof(Item) / sizeof(Line)),
          count_(count) {}

    Item* data() noexcept { return reinterpret_cast<Item*>(lines_.data()); }
    Item* begin() noexcept { return data(); }
    Item* end() noexcept { return data() + count_; }

    // The next count that fills whole lines.
    static std::int64_t in_lines(std::int64_t count) noexcept {
        constexpr auto kItems = static_cast<std::int64_t>(sizeof(Line) / sizeof(Item));
        return (count + kItems - 1) / kItems * kItems;
    }

  private:
    struct alignas(64) Line {
        std::uint8_t bytes[64];
    };
    std::vector<Line> lines_;
    std::int64_t count_;
};

// Scratch of one running frame, sized once.
struct Workspace {
    Workspace(std::int64_t columns, std::int64_t taps, std::int64_t cell_count);

    std::int64_t grey_pitch;       // bytes from one row to the next
    Lines<std::uint8_t> grey;      // kGreyRows decoded rows, of codes of 8 bits or of more
    Lines<std::uint16_t> sums[2];  // column sums, readable beyond the last as kernels want
    Lines<std::uint64_t> cells;    // one output row
    Lines<std::uint32_t> dots;     // one output row of dot products
    Lines<std::uint32_t> edge;     // the same of a row that two output rows share
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
