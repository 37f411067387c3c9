#!/bin/sh
# Cross-compiles the fuzz target and replays the corpus under user-mode emulation: every input
# compares NEON with the scalar kernels, bit for bit. Needs g++-aarch64-linux-gnu and qemu-user.
set -eu
cd "$(dirname "$0")/../.."
out=${1:-build/arm64}
mkdir -p "$out"
flags="-std=c++17 -O2 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -ffp-contract=off
    -DSONOGAZE_NEON -Icpp_ext/include -Icpp_ext/src"
core=$(ls cpp_ext/src/*.cpp | grep -v -e bindings.cpp -e buffers.cpp)
# shellcheck disable=SC2086
aarch64-linux-gnu-g++ $flags -static $core cpp_ext/src/scalar/kernels.cpp \
    cpp_ext/src/neon/kernels.cpp cpp_ext/fuzz/target.cpp cpp_ext/fuzz/reader.cpp \
    cpp_ext/fuzz/replay_main.cpp -o "$out/replay"
qemu-aarch64 "$out/replay" cpp_ext/fuzz/corpus/*
