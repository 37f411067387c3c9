#pragma once

#include <pybind11/pybind11.h>

#include <array>
#include <cstdint>

#include "sonogaze/layout.hpp"

namespace sonogaze {

// An exported Python buffer, released on destruction. Needs the GIL at both ends.
class HeldBuffer {
  public:
    HeldBuffer() = default;
    HeldBuffer(const HeldBuffer&) = delete;
    HeldBuffer& operator=(const HeldBuffer&) = delete;
    ~HeldBuffer() {
        if (held_) PyBuffer_Release(&view_);
    }

    // False where the object exports no such buffer; the Python error is cleared.
    bool hold(PyObject* object, int flags) noexcept;
    const Py_buffer& view() const noexcept { return view_; }
    // The lowest address of any element and the bytes from there to the end of the highest.
    const std::uint8_t* lowest() const noexcept { return lowest_; }
    std::int64_t bytes() const noexcept { return bytes_; }

  private:
    void measure() noexcept;

    Py_buffer view_{};
    const std::uint8_t* lowest_ = nullptr;
    std::int64_t bytes_ = 0;
    bool held_ = false;
};

// Every buffer of a frame, checked against what its layout is going to read. Throws Error.
class FrameBuffers {
  public:
    FrameBuffers(const Layout& layout, PyObject* data);
    const std::array<const std::uint8_t*, kMaxPlanes>& pointers() const noexcept { return data_; }

  private:
    void hold_one(const Layout& layout, std::size_t i, PyObject* object);

    std::array<HeldBuffer, kMaxPlanes> held_;
    std::array<const std::uint8_t*, kMaxPlanes> data_{};
};

// A caller's array of `count` floats, checked. Held while a kernel uses it. Throws Error.
float* held_floats(HeldBuffer& held, PyObject* array, std::int64_t count, bool writable);

// Holds all of an array's floats, whatever its shape, and returns their number. Throws Error.
std::int64_t held_all_floats(HeldBuffer& held, PyObject* array);

}  // namespace sonogaze
