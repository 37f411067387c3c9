#pragma once

#include <cstddef>
#include <cstdint>

namespace sonogaze::fuzz {

struct Tally {
    std::uint64_t inputs = 0;
    std::uint64_t reached_kernel = 0;  // the rest was refused with an Error
};

extern Tally tally;

// One input: a geometry, a target and pixels. Aborts if instruction sets disagree, if an output
// cell stays unwritten or leaves the range that its codes allow.
void run_one(const std::uint8_t* data, std::size_t size);

}  // namespace sonogaze::fuzz
