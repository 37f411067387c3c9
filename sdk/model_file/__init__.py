"""Student files: plain ONNX with metadata, read once, bounded, sealed and verified."""

from .metadata import Calibration, ModelMetadata
from .reader import ModelFile, parse_model_file, read_model_file

__all__ = [
    "Calibration",
    "ModelFile",
    "ModelMetadata",
    "parse_model_file",
    "read_model_file",
]
