#pragma once

#include "bindings/bindings.hpp"
#include "sonogaze/gate.hpp"

namespace sonogaze {

// The gate of one student: a tensor's size and thresholds in its values.
struct Gate : NoBareMemory {
    Gate(std::int64_t tensor_width, std::int64_t tensor_height, const GateLimits& given)
        : width(tensor_width), height(tensor_height), limits(given) {
        check_gate(width, height, limits);
    }

    std::int64_t width, height;
    GateLimits limits;
};

}  // namespace sonogaze
