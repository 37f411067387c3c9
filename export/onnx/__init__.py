"""PyTorch student -> ONNX fp32 and int8, verified and packaged."""
