// One frame through one plan: `one_frame FORMAT ISA WIDTH HEIGHT run|measure`. Under callgrind its
// count is that of the kernels, and repeats exactly.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "sonogaze/error.hpp"
#include "sonogaze/plan.hpp"

namespace {

using namespace sonogaze;

// The region is the share of the frame that 1400 x 900 is of 1920 x 1080.
FrameSpec spec_of(const std::string& format, std::int64_t width, std::int64_t height) {
    FrameSpec spec;
    spec.format = &parse_format(format);
    spec.width = width;
    spec.height = height;
    if (spec.format->yuv()) {
        spec.matrix = Matrix::bt709;
        spec.range = Range::limited;
    }
    spec.window_high = 4095;
    spec.region.kind = RegionSpec::Kind::rectangle;
    spec.region.x = width * 13 / 96;
    spec.region.y = height / 12;
    spec.region.width = width * 70 / 96;
    spec.region.height = height * 10 / 12;
    return spec;
}

int run(const std::vector<std::string>& words) {
    const auto layout = std::make_shared<const Layout>(
        spec_of(words[0], std::atoll(words[2].c_str()), std::atoll(words[3].c_str())));
    const Plan plan(layout, {192, 144, false, 0, 1, 0}, words[1]);
    std::vector<std::uint8_t> data(static_cast<std::size_t>(layout->buffer_bytes[0]));
    for (std::size_t i = 0; i < data.size(); i += 4096)
        data[i] = static_cast<std::uint8_t>(i >> 12);
    std::vector<float> out(static_cast<std::size_t>(plan.outputs()));
    std::vector<float> coarse(static_cast<std::size_t>(plan.coarse_columns() * plan.coarse_rows()));
    const Planes planes{data.data(), nullptr, nullptr};
    if (words[4] == "measure") {
        plan.measure(planes, out.data(), coarse.data(), nullptr);
    } else {
        plan.run(planes, out.data());
    }
    std::printf("%s %s %g\n", words[0].c_str(), plan.isa(), static_cast<double>(out[0]));
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    const std::vector<std::string> words(arguments + 1, arguments + count);
    if (words.size() != 5) {
        std::fprintf(stderr, "usage: one_frame FORMAT ISA WIDTH HEIGHT run|measure\n");
        return 2;
    }
    try {
        return run(words);
    } catch (const Error& error) {
        std::fprintf(stderr, "%s: %s\n", error.slug(), error.what());
        return 1;
    }
}
