"""Mutated and generated model files, and what `onnx` says of those that the walk accepts."""
