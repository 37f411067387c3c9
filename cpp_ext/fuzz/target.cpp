#include "target.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "reader.hpp"
#include "sonogaze/error.hpp"
#include "sonogaze/plan.hpp"
#include "sonogaze/read.hpp"

namespace sonogaze::fuzz {

Tally tally;

namespace {

void demand(bool holds, const char* rule) {
    if (holds) return;
    (void)std::fprintf(stderr, "broken rule: %s\n", rule);
    std::abort();
}

// Buffers of exactly the bytes that the layout asks for, so that the sanitizer sees any step
// beyond; each is a heap block of its own.
struct Pixels {
    Pixels(const Layout& layout, Reader& reader) {
        for (std::size_t i = 0; i < layout.buffers; ++i) {
            const auto bytes = static_cast<std::size_t>(layout.buffer_bytes[i]);
            blocks[i] = std::make_unique<std::uint8_t[]>(bytes);
            reader.fill(blocks[i].get(), bytes);
            planes[i] = blocks[i].get();
        }
    }
    std::array<std::unique_ptr<std::uint8_t[]>, kMaxPlanes> blocks;
    Planes planes{};
};

struct Output {
    explicit Output(const Plan& plan)
        : tensor(static_cast<std::size_t>(plan.outputs()), std::nanf("")),
          coarse(static_cast<std::size_t>(plan.coarse_columns() * plan.coarse_rows()),
                 std::nanf("")) {}
    std::vector<float> tensor, coarse;
    Statistics statistics;
};

Output run_plan(const Plan& plan, const Pixels& pixels) {
    Output out(plan);
    const std::vector<float> previous(out.coarse.size(), 1.0F);
    out.statistics =
        plan.measure(pixels.planes, out.tensor.data(), out.coarse.data(), previous.data());
    return out;
}

bool same(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

bool same(const Statistics& a, const Statistics& b) {
    return a.levels.sum == b.levels.sum && a.levels.black == b.levels.black &&
           a.pixels == b.pixels && a.colored == b.colored && a.color_samples == b.color_samples &&
           a.difference == b.difference && a.shift == b.shift;
}

void check_range(const Output& out, const TargetSpec& target) {
    const double low = (0 - target.mean) / target.std;
    const double high = (1 - target.mean) / target.std;
    const double slack = 1e-5 * (1 + std::abs(low) + std::abs(high));
    for (const float value : out.tensor) {
        demand(value >= low - slack && value <= high + slack, "cells lie between black and white");
    }
    for (const float value : out.coarse) {
        demand(value >= -0.01F && value <= 255.01F, "coarse cells are grey levels");
    }
}

void check_counts(const Statistics& s, const Layout& layout) {
    demand(s.pixels > 0 && s.pixels <= layout.pixels_inside, "pixels of the region are counted");
    demand(s.levels.black >= 0 && s.levels.black <= s.pixels, "black pixels fit the pixels");
    demand(s.levels.sum >= 0 && s.levels.sum <= layout.spec.format->max_code() * s.pixels,
           "the sum fits the pixels");
    demand(s.colored >= 0 && s.colored <= s.color_samples, "colour counts fit the samples");
}

void check_frame(const std::shared_ptr<const Layout>& layout, const TargetSpec& target,
                 const Pixels& pixels) {
    const Plan scalar(layout, target, "scalar");
    const Output want = run_plan(scalar, pixels);
    check_range(want, target);
    check_counts(want.statistics, *layout);
    for (const std::string& isa : available_isas()) {
        if (isa == "scalar") continue;
        const Plan plan(layout, target, isa);
        const Output got = run_plan(plan, pixels);
        demand(same(got.tensor, want.tensor), "same tensor");
        std::vector<float> plain(got.tensor.size(), std::nanf(""));
        plan.run(pixels.planes, plain.data());
        demand(same(plain, want.tensor), "measuring does not change the tensor");
        demand(same(got.coarse, want.coarse), "same coarse cells");
        demand(same(got.statistics, want.statistics), "same statistics");
        demand(read_region(*layout, pixels.planes, select_kernels(isa), true) ==
                   read_region(*layout, pixels.planes, select_kernels("scalar"), true),
               "same sum of bytes");
    }
}

}  // namespace

void run_one(const std::uint8_t* data, std::size_t size) {
    Reader reader(data, size);
    ++tally.inputs;
    try {
        const FrameSpec spec = reader.frame();
        const TargetSpec target = reader.target();
        const auto layout = std::make_shared<const Layout>(spec);
        for (const std::int64_t bytes : layout->buffer_bytes) {
            if (bytes > kMostBytes) return;  // too slow to run; the layout was checked all the same
        }
        const Pixels pixels(*layout, reader);
        check_frame(layout, target, pixels);
        ++tally.reached_kernel;
    } catch (const Error& error) {
        const std::string message = error.what();
        demand(error.slug()[0] != '\0' && !message.empty() && message.size() <= kMaxMessage,
               "errors explain themselves, within bounds");
    }
}

}  // namespace sonogaze::fuzz
