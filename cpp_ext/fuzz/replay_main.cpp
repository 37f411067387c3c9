// Runs the target over the inputs of corpus files, one in hex on each line
// (cpp_ext/fuzz/corpus.py), or over findings of the fuzzer (--raw FILE...). Any C++17 compiler will
// do.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "target.hpp"

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes from_hex(const std::string& line) {
    Bytes bytes;
    for (std::size_t i = 0; i + 1 < line.size(); i += 2) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(line.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

void replay(const Bytes& input) { sonogaze::fuzz::run_one(input.data(), input.size()); }

void replay_lines(std::istream& file) {
    for (std::string line; std::getline(file, line);) replay(from_hex(line));
}

void replay_raw(std::istream& file) {
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    replay(Bytes(bytes.begin(), bytes.end()));
}

}  // namespace

int main(int count, char** arguments) {
    const bool raw = count > 1 && std::strcmp(arguments[1], "--raw") == 0;
    for (int i = raw ? 2 : 1; i < count; ++i) {
        std::ifstream file(arguments[i], std::ios::binary);
        if (!file) {
            (void)std::fprintf(stderr, "cannot open %s\n", arguments[i]);
            return 1;
        }
        raw ? replay_raw(file) : replay_lines(file);
    }
    const sonogaze::fuzz::Tally& t = sonogaze::fuzz::tally;
    std::printf("inputs %llu, reached a kernel %llu\n", static_cast<unsigned long long>(t.inputs),
                static_cast<unsigned long long>(t.reached_kernel));
    return 0;
}
