#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace sonogaze {

constexpr std::size_t kMaxMessage = 1000;  // characters, as sdk.errors.MAX_MESSAGE

// A refused argument. `slug` is a key of sdk.errors.SLUGS; `what()` names field, value and limits,
// in at most kMaxMessage printable ASCII characters, whatever a caller gave.
class Error : public std::runtime_error {
  public:
    Error(const char* slug, const std::string& message);
    const char* slug() const noexcept { return slug_; }

  private:
    const char* slug_;  // always a string literal
};

}  // namespace sonogaze
