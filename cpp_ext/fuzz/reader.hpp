#pragma once

#include <cstddef>
#include <cstdint>

#include "sonogaze/plan.hpp"

namespace sonogaze::fuzz {

constexpr std::int64_t kMostBytes = 1 << 17;  // pixels of one fuzzed buffer

// Turns an input's bytes into arguments. Most inputs become a valid geometry with sizes that fit
// together; a few bits ask for arguments from the whole range instead.
class Reader {
  public:
    Reader(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

    FrameSpec frame();
    TargetSpec target();
    // Repeats what is left of the input over n bytes.
    void fill(std::uint8_t* to, std::size_t n);

  private:
    std::uint8_t byte();
    std::int64_t wild();  // any 64-bit number
    double wild_real();   // any double, NaN and infinities included
    std::int64_t within(std::int64_t low, std::int64_t high);
    double real_within(double low, double high);
    void region(FrameSpec& spec, std::uint8_t kind);
    void strides(FrameSpec& spec, std::uint8_t how);

    const std::uint8_t* data_;
    std::size_t size_;
    std::size_t at_ = 0;
};

}  // namespace sonogaze::fuzz
