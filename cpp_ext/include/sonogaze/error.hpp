#pragma once

#include <stdexcept>
#include <string>

namespace sonogaze {

// A refused argument. `slug` is a key of sdk.errors.SLUGS; `what()` names field, value and limits.
class Error : public std::runtime_error {
  public:
    Error(const char* slug, const std::string& message)
        : std::runtime_error(message), slug_(slug) {}
    const char* slug() const noexcept { return slug_; }

  private:
    const char* slug_;  // always a string literal
};

}  // namespace sonogaze
