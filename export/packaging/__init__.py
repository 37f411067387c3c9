"""PyTorch student -> ONNX fp32 and int8, verified and packaged."""

from sdk import runtime

# before any module here imports onnxruntime itself, or torch does: without telemetry, once for all
runtime.load()
