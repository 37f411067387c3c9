#include "region/components.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace sonogaze::region {
namespace {

class Forest {
  public:
    std::int32_t add() {
        parent_.push_back(static_cast<std::int32_t>(parent_.size()));
        return parent_.back();
    }
    std::int32_t root(std::int32_t i) {
        while (at(i) != i) i = at(i) = at(at(i));
        return i;
    }
    void join(std::int32_t a, std::int32_t b) {
        a = root(a);
        b = root(b);
        at(std::max(a, b)) = std::min(a, b);
    }

  private:
    std::int32_t& at(std::int32_t i) { return parent_[static_cast<std::size_t>(i)]; }
    std::vector<std::int32_t> parent_;
};

// The first of so many bytes that has a value, or their number.
int first_of(const std::uint8_t* bytes, int from, int count, std::uint8_t value) noexcept {
    const void* const at = std::memchr(bytes + from, value, static_cast<std::size_t>(count - from));
    return at == nullptr ? count : static_cast<int>(static_cast<const std::uint8_t*>(at) - bytes);
}

struct Rule {
    const Map& mask;
    const Map* value;
    int step;

    bool alike(int a, int b) const noexcept { return std::abs(a - b) <= step; }

    // 1 in cells that go on from the one on their left.
    void link(int y, std::uint8_t* linked) const {
        const std::uint8_t* const set = mask.row(y);
        std::copy_n(set, mask.width, linked);
        if (value == nullptr) return;
        const std::uint8_t* const level = value->row(y);
        for (int x = 1; x < mask.width; ++x) {
            linked[x] = static_cast<std::uint8_t>(set[x] & int{alike(level[x], level[x - 1])});
        }
    }

    void append_runs(int y, std::uint8_t* linked, std::vector<Run>& runs) const {
        const std::uint8_t* const set = mask.row(y);
        const int width = mask.width;
        link(y, linked);
        for (int x = first_of(set, 0, width, 1); x < width;) {
            const int first = x;
            x = first_of(linked, first + 1, width, 0);
            runs.push_back({y, first, x, 0});
            x = first_of(set, x, width, 1);
        }
    }

    bool touch(const Run& upper, const Run& lower) const noexcept {
        const int x0 = std::max(upper.x0, lower.x0), x1 = std::min(upper.x1, lower.x1);
        if (value == nullptr) return x0 < x1;
        const std::uint8_t* const a = value->row(upper.y);
        const std::uint8_t* const b = value->row(lower.y);
        for (int x = x0; x < x1; ++x) {
            if (alike(a[x], b[x])) return true;
        }
        return false;
    }
};

void join_rows(const Rule& rule, std::vector<Run>& runs, std::size_t above, std::size_t here,
               Forest& forest) {
    std::size_t up = above;
    for (std::size_t i = here; i < runs.size(); ++i) {
        while (up < here && runs[up].x1 <= runs[i].x0) ++up;
        for (std::size_t u = up; u < here && runs[u].x0 < runs[i].x1; ++u) {
            if (rule.touch(runs[u], runs[i])) forest.join(runs[u].component, runs[i].component);
        }
    }
}

void add(Component& c, const Run& run) {
    c.box = {std::min(c.box.x0, run.x0), std::min(c.box.y0, run.y), std::max(c.box.x1, run.x1),
             std::max(c.box.y1, run.y + 1)};
    c.area += run.x1 - run.x0;
}

}  // namespace

Components connected(const Map& mask, const Map* value, int step) {
    const Rule rule{mask, value, step};
    Components found;
    Forest forest;
    std::size_t above = 0;
    std::vector<std::uint8_t> linked(static_cast<std::size_t>(mask.width));
    for (int y = 0; y < mask.height; ++y) {
        const std::size_t here = found.runs.size();
        rule.append_runs(y, linked.data(), found.runs);
        for (std::size_t i = here; i < found.runs.size(); ++i) {
            found.runs[i].component = forest.add();
        }
        join_rows(rule, found.runs, above, here, forest);
        above = here;
    }
    std::vector<std::int32_t> number(found.runs.size(), -1);
    for (Run& run : found.runs) {
        std::int32_t& of_root = number[static_cast<std::size_t>(forest.root(run.component))];
        if (of_root < 0) {
            of_root = static_cast<std::int32_t>(found.all.size());
            found.all.push_back({{mask.width, mask.height, 0, 0}, 0});
        }
        run.component = of_root;
        add(found.all[static_cast<std::size_t>(of_root)], run);
    }
    return found;
}

}  // namespace sonogaze::region
