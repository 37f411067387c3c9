// Many threads on one plan, while others make plans of the same layout: for ThreadSanitizer. Each
// thread compares its tensors with those of a plan that nobody shares.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "sonogaze/plan.hpp"

namespace {

using namespace sonogaze;

constexpr int kThreads = 6;
constexpr int kFrames = 10;

FrameSpec spec_of(const FormatTraits& format) {
    FrameSpec spec;
    spec.format = &format;
    spec.width = 93;
    spec.height = 61;
    if (format.yuv()) spec.matrix = Matrix::bt709;
    spec.window_high = 4095;
    return spec;
}

std::vector<std::uint8_t> pixels(std::int64_t bytes, int seed) {
    std::vector<std::uint8_t> data(static_cast<std::size_t>(bytes));
    std::uint32_t state = static_cast<std::uint32_t>(seed) * 2654435761U + 1U;
    for (std::uint8_t& byte : data) {
        state = state * 1664525U + 1013904223U;
        byte = static_cast<std::uint8_t>(state >> 24);
    }
    return data;
}

struct Tensor {
    explicit Tensor(const Plan& plan)
        : cells(static_cast<std::size_t>(plan.outputs())),
          coarse(static_cast<std::size_t>(plan.coarse_columns() * plan.coarse_rows())) {}
    std::vector<float> cells, coarse;
};

void work(const std::shared_ptr<const Layout>& layout, const TargetSpec& target, const Plan& shared,
          int seed, std::atomic<int>& wrong) {
    const Plan own(layout, target, "");
    Tensor got(shared);
    Tensor want(own);
    for (int i = 0; i < kFrames; ++i) {
        const std::vector<std::uint8_t> data = pixels(layout->buffer_bytes[0], seed * kFrames + i);
        const Planes planes{data.data(), nullptr, nullptr};
        shared.measure(planes, got.cells.data(), got.coarse.data(), nullptr);
        own.run(planes, want.cells.data());
        if (got.cells != want.cells) ++wrong;
    }
}

}  // namespace

int main() {
    std::atomic<int> wrong{0};
    for (const FormatTraits& format : kFormatTable) {
        const auto layout = std::make_shared<const Layout>(spec_of(format));
        const TargetSpec target{24, 18, true, 0.2, 0.3, 7};
        const Plan shared(layout, target, "");
        std::vector<std::thread> threads;
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back([&, t] { work(layout, target, shared, t, wrong); });
        }
        for (std::thread& thread : threads) thread.join();
    }
    std::printf("%d threads, %d formats, %d wrong\n", kThreads, kFormats, wrong.load());
    return wrong.load() == 0 ? 0 : 1;
}
