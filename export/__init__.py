"""Frames (and gaze) -> teacher -> student -> ONNX. Model developers' side of sonogaze."""
