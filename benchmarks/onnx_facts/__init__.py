"""Facts of any ONNX file that onnxruntime runs: size, parameters, work, precision, inputs.

What cannot be told is None with a reason, never 0.
"""
