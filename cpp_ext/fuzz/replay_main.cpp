// Runs the target over files: the kept corpus, or a finding. Any C++17 compiler will do.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include "target.hpp"

int main(int count, char** names) {
    for (int i = 1; i < count; ++i) {
        std::ifstream file(names[i], std::ios::binary);
        if (!file) {
            std::fprintf(stderr, "cannot open %s\n", names[i]);
            return 1;
        }
        const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
        const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
        sonogaze::fuzz::run_one(input.data(), input.size());
    }
    const sonogaze::fuzz::Tally& t = sonogaze::fuzz::tally;
    std::printf("inputs %llu, reached a kernel %llu\n", static_cast<unsigned long long>(t.inputs),
                static_cast<unsigned long long>(t.reached_kernel));
    return 0;
}
