// Coverage-guided fuzzing, clang only: `make fuzz`.
#include <cstdio>
#include <cstdlib>

#include "target.hpp"

namespace {

void report() {
    const sonogaze::fuzz::Tally& t = sonogaze::fuzz::tally;
    (void)std::fprintf(stderr, "inputs %llu, reached a kernel %llu\n",
                       static_cast<unsigned long long>(t.inputs),
                       static_cast<unsigned long long>(t.reached_kernel));
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    (void)std::atexit(report);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    sonogaze::fuzz::run_one(data, size);
    return 0;
}
