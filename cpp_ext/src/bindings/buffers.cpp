#include "bindings/buffers.hpp"

#include <cstring>
#include <string>

#include "bindings/gil.hpp"
#include "sonogaze/error.hpp"

namespace sonogaze {

bool HeldBuffer::hold(PyObject* object, int flags) noexcept {
    // an exporter written in Python (3.12) runs code here
    const bool exported =
        PyObject_CheckBuffer(object) != 0 &&
        never_unwound([&] { return PyObject_GetBuffer(object, &view_, flags); }) == 0;
    if (!exported) {
        PyErr_Clear();
        return false;
    }
    held_ = true;
    measure();
    return true;
}

void HeldBuffer::measure() noexcept {
    const auto* start = static_cast<const std::uint8_t*>(view_.buf);
    if (view_.strides == nullptr ||
        view_.shape == nullptr) {  // contiguous: ctypes says it this way
        lowest_ = start;
        bytes_ = view_.len;
        return;
    }
    std::int64_t below = 0;
    std::int64_t above = view_.itemsize;
    for (int d = 0; d < view_.ndim; ++d) {
        if (view_.shape[d] == 0) return;
        const std::int64_t reach = view_.strides[d] * (view_.shape[d] - 1);
        (reach < 0 ? below : above) += reach;
    }
    lowest_ = start + below;
    bytes_ = above - below;
}

namespace {

// Whether pixels lie where the layout looks for them: side by side, rows `stride` bytes apart.
bool lies_as_described(const Py_buffer& view, std::int64_t stride) {
    if (PyBuffer_IsContiguous(&view, 'C') != 0) return true;
    if (view.ndim < 2 || view.strides[0] != stride) return false;
    Py_ssize_t packed = view.itemsize;
    for (int d = view.ndim - 1; d > 0; --d) {
        if (view.shape[d] > 1 && view.strides[d] != packed) return false;
        packed *= view.shape[d];
    }
    return true;
}

}  // namespace

FrameBuffers::FrameBuffers(const Layout& layout, PyObject* data) {
    if (!layout.spec.separate_planes) {
        hold_one(layout, 0, data);
        return;
    }
    const auto planes = static_cast<Py_ssize_t>(layout.buffers);
    if (PyTuple_Check(data) == 0 || PyTuple_GET_SIZE(data) != planes) {
        throw Error("data-planes", "data must be one buffer for each of the " +
                                       std::to_string(planes) + " planes");
    }
    for (Py_ssize_t i = 0; i < planes; ++i) {
        hold_one(layout, static_cast<std::size_t>(i), PyTuple_GET_ITEM(data, i));
    }
}

void FrameBuffers::hold_one(const Layout& layout, std::size_t i, PyObject* object) {
    if (!held_[i].hold(object, PyBUF_RECORDS_RO)) {
        throw Error("data-type", std::string("data is a ") + Py_TYPE(object)->tp_name +
                                     ", it must expose its bytes through the buffer protocol "
                                     "(bytes, bytearray, memoryview, numpy array)");
    }
    if (!lies_as_described(held_[i].view(), layout.planes[i].stride)) {
        throw Error("strides-gapped",
                    "data[" + std::to_string(i) +
                        "] has gaps between its items that strides does not declare; give the "
                        "row stride, or copy with np.ascontiguousarray(a)");
    }
    if (held_[i].bytes() < layout.buffer_bytes[i]) {
        throw Error("buffer-truncated",
                    "data[" + std::to_string(i) + "] holds " + std::to_string(held_[i].bytes()) +
                        " bytes, but " + layout.spec.format->name + " of " +
                        std::to_string(layout.spec.width) + " x " +
                        std::to_string(layout.spec.height) + " with these strides needs " +
                        std::to_string(layout.buffer_bytes[i]));
    }
    data_[i] = held_[i].lowest();
}

float* held_floats(HeldBuffer& held, PyObject* array, std::int64_t count, bool writable) {
    const int flags = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
    const bool fits = held.hold(array, flags) && held.view().format != nullptr &&
                      std::strcmp(held.view().format, "f") == 0 &&
                      held.view().len == count * static_cast<std::int64_t>(sizeof(float));
    if (!fits) {
        throw Error("output-invalid", std::string("the ") + (writable ? "output" : "previous") +
                                          " array must be C-contiguous float32 of " +
                                          std::to_string(count) + " values" +
                                          (writable ? " and writable" : ""));
    }
    return static_cast<float*>(held.view().buf);
}

std::int64_t held_all_floats(HeldBuffer& held, PyObject* array) {
    const bool fits = held.hold(array, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) &&
                      held.view().format != nullptr && std::strcmp(held.view().format, "f") == 0 &&
                      held.view().len > 0;
    if (!fits) throw Error("output-invalid", "the array must be C-contiguous float32, not empty");
    return held.view().len / static_cast<std::int64_t>(sizeof(float));
}

}  // namespace sonogaze
