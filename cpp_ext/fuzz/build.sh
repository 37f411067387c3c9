#!/bin/sh
# Builds the libFuzzer target with ASan and UBSan into $1 (default build/fuzz). Needs clang.
set -eu
cd "$(dirname "$0")/../.."
out=${1:-build/fuzz}
clang=${CLANGXX:-clang++-14}
mkdir -p "$out"
flags="-std=c++17 -O2 -g -ffp-contract=off -Icpp_ext/include -Icpp_ext/src ${FUZZ_FLAGS:-}
    -fsanitize=address,undefined -fno-sanitize-recover=all"
simd=""
if [ "$(uname -m)" = x86_64 ]; then
    flags="$flags -DSONOGAZE_AVX2"
    simd="$out/avx2.o"
    # shellcheck disable=SC2086
    "$clang" $flags -fsanitize=fuzzer-no-link -mavx2 -mpopcnt -c cpp_ext/src/avx2/kernels.cpp -o "$simd"
fi
core=$(ls cpp_ext/src/*.cpp | grep -v -e bindings.cpp -e buffers.cpp)
# shellcheck disable=SC2086
"$clang" $flags -fsanitize=fuzzer $core cpp_ext/src/scalar/kernels.cpp cpp_ext/fuzz/target.cpp \
    cpp_ext/fuzz/reader.cpp cpp_ext/fuzz/libfuzzer_main.cpp $simd -o "$out/fuzz"
