#include "bindings/bindings.hpp"

PYBIND11_MODULE(_kernels, m) {
    m.doc() = "Pixel formats to normalised tensors in one pass. Use it through sdk.Preprocessing.";
    sonogaze::register_errors(m);
    sonogaze::register_formats(m);
    sonogaze::register_layout(m);
    sonogaze::register_plan(m);
    sonogaze::register_gate(m);
    sonogaze::register_answer(m);
    sonogaze::register_request(m);
    sonogaze::register_attention(m);
    sonogaze::register_read(m);
    sonogaze::register_region(m);
    sonogaze::register_stream(m);
    sonogaze::register_process(m);
}
