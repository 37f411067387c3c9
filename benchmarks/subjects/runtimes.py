"""One function a runtime: load a model, return what maps a tensor to logits.

Heavy imports stay inside the functions, so that a process pays for its own runtime alone.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.subjects.spec import Subject

#: From a tensor to the first output; a subject that takes no frame ignores the tensor.
Infer = Callable[[Any], Any]


#: How every session is made, the SDK's too; the number of threads is the job's.
ORT_OPTIONS = {
    "providers": "CPUExecutionProvider",
    "graph_optimization_level": "ORT_ENABLE_ALL",
    "execution_mode": "ORT_SEQUENTIAL",
    "inter_op_num_threads": "1",
    "session.intra_op.allow_spinning": "0",
}


def onnxruntime_session(path: str, threads: int) -> Any:
    """Return a session of onnxruntime's CPU provider with the options that the SDK uses."""
    # not by sdk.runtime: this process pays for no SDK. Its environment turns the telemetry off,
    # see benchmarks.processes.environment.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def onnxruntime_infer(subject: Subject, threads: int) -> Infer:
    """Return onnxruntime on ``subject.path``."""
    session = onnxruntime_session(subject.path, threads)
    outputs = [session.get_outputs()[0].name]
    if subject.feed is not None and not subject.takes_frames:
        from benchmarks.onnx_facts.feeds import made_up, runner

        run, values = runner(session, outputs), made_up(subject.feed)
        return lambda _tensor: run(values)[0]
    name = session.get_inputs()[0].name
    return lambda tensor: session.run(outputs, {name: tensor})[0]


def openvino_infer(subject: Subject, threads: int) -> Infer:
    """Return OpenVINO's CPU plug-in on ``subject.path``, one stream, latency hint."""
    import openvino

    core = openvino.Core()
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        # The default on CPUs with bf16 is to compute fp32 models in bf16: other numbers.
        "INFERENCE_PRECISION_HINT": "f32",
    }
    compiled = core.compile_model(core.read_model(subject.path), "CPU", settings)
    request = compiled.create_infer_request()
    if subject.feed is not None and not subject.takes_frames:
        from benchmarks.onnx_facts.feeds import made_up

        values = made_up(subject.feed)
        return lambda _tensor: request.infer(values, share_inputs=True)[0]
    return lambda tensor: request.infer([tensor], share_inputs=True)[0]


def ncnn_infer(subject: Subject, threads: int) -> Infer:
    """Return ncnn on ``subject.converted``.

    Raises:
        ConversionError: the student could not be converted.
    """
    from benchmarks.subjects.ncnn_files import load

    return load(_converted(subject), threads)


def litert_infer(subject: Subject, threads: int) -> Infer:
    """Return LiteRT on ``subject.converted``.

    Raises:
        ConversionError: the student could not be converted.
    """
    from benchmarks.subjects.litert_files import load

    return load(_converted(subject), threads)


def _converted(subject: Subject) -> Path:
    from benchmarks.subjects.conversion import ConversionError

    if not subject.converted:
        raise ConversionError(subject.unavailable)
    return Path(subject.converted)


def pytorch_infer(subject: Subject, threads: int) -> Infer:
    """Return the eager PyTorch module of ``subject.builder`` in evaluation mode."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    module = build_module(subject.builder, subject.path).eval()

    def infer(tensor: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return np.asarray(first_tensor(module(torch.from_numpy(tensor))).numpy())

    return infer


def build_module(builder: str, path: str = "") -> Any:
    """Return what ``package.module:function`` builds, from the file ``path`` when there is one."""
    module, _, function = builder.partition(":")
    build = getattr(importlib.import_module(module), function)
    return build(path) if path else build()


def first_tensor(output: Any) -> Any:
    """Return the logits of a module's output: itself, ``.logits``, or the first of a sequence."""
    if hasattr(output, "logits"):
        return output.logits
    if isinstance(output, dict):
        return output["logits"]
    return output[0] if isinstance(output, (tuple, list)) else output


INFER: dict[str, Callable[[Subject, int], Infer]] = {
    "onnxruntime": onnxruntime_infer,
    "openvino": openvino_infer,
    "ncnn": ncnn_infer,
    "litert": litert_infer,
    "pytorch": pytorch_infer,
}


def available(runtime: str) -> bool:
    """Return whether the runtime's package is installed, without importing it."""
    packages = {"sdk": "onnxruntime", "pytorch": "torch", "litert": "ai_edge_litert"}
    package = packages.get(runtime, runtime)
    return importlib.util.find_spec(package) is not None
