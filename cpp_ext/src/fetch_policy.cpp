#include "sonogaze/fetch_policy.hpp"

#include <array>

#include "cpu.hpp"
#include "sonogaze/error.hpp"

namespace sonogaze {
namespace {

constexpr std::int64_t kAnyRow = 1 << 30;  // bytes
constexpr std::array<FetchPolicy, 3> kPolicies{{
    {"second-level", Into::second_level, kAnyRow, kAnyRow, 4, 6},
    {"first-level", Into::first_level, 6912, 11200, 8, 8},
    {"none", Into::first_level, 0, 0, 0, 0},
}};

// CPUs on which another policy than the first was measured to be better.
struct Measured {
    const char* vendor;
    std::uint32_t first_family, last_family;
    const char* policy;
};
constexpr std::array<Measured, 1> kMeasured{{
    {"AuthenticAMD", 26, 26, "first-level"},  // Zen 5
}};

}  // namespace

const char* fetch_of(const std::string& vendor, std::uint32_t family) noexcept {
    for (const Measured& one : kMeasured) {
        if (vendor == one.vendor && family >= one.first_family && family <= one.last_family) {
            return one.policy;
        }
    }
    return kPolicies.front().name;
}

const FetchPolicy& select_fetch(const std::string& name) {
    const std::string wanted = name.empty() ? fetch_of(cpu_name().vendor, cpu_name().family) : name;
    std::string known;
    for (const FetchPolicy& policy : kPolicies) {
        if (wanted == policy.name) return policy;
        known += (known.empty() ? "" : ", ") + std::string(policy.name);
    }
    throw Error("fetch-unknown", "fetch policy is '" + name + "', it must be one of " + known);
}

std::vector<std::string> fetch_policies() {
    std::vector<std::string> names;
    for (const FetchPolicy& policy : kPolicies) names.emplace_back(policy.name);
    return names;
}

}  // namespace sonogaze
