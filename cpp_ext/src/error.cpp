#include "sonogaze/error.hpp"

namespace sonogaze {
namespace {

constexpr std::size_t kTail = kMaxMessage / 3;  // kept, since it says how to mend it

std::string escaped(const std::string& text) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= ' ' && byte <= '~') {
            out += c;
        } else {
            out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
        }
    }
    return out;
}

// As sdk._shown.printable does it, which errors from here do not pass.
std::string bounded(const std::string& message) {
    const std::size_t end = message.size();
    // A name of many megabytes is cut before its bytes are looked at one by one.
    const bool huge = end > 2 * kMaxMessage;
    std::string text = escaped(
        huge ? message.substr(0, kMaxMessage) + message.substr(end - kMaxMessage) : message);
    if (text.size() <= kMaxMessage) return text;
    const std::size_t left_out = text.size() - kMaxMessage + (huge ? end - 2 * kMaxMessage : 0);
    const std::string note = " [" + std::to_string(left_out) + " or more characters left out] ";
    return text.substr(0, kMaxMessage - kTail - note.size()) + note +
           text.substr(text.size() - kTail);
}

}  // namespace

Error::Error(const char* slug, const std::string& message)
    : std::runtime_error(bounded(message)), slug_(slug) {}

}  // namespace sonogaze
