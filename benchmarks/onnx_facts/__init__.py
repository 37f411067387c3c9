"""Facts of any ONNX file that onnxruntime runs: size, parameters, work, precision, inputs.

What cannot be known is None with a reason, never 0.
"""
