import hashlib
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from onnx import TensorProto

from benchmarks.errors import BenchError
from benchmarks.onnx_facts.facts import probe
from benchmarks.processes import launch
from benchmarks.record.jobs import FrameShape, Job
from benchmarks.subjects.user_models import model_name, user_subjects
from benchmarks.subjects.watch import Watch
from benchmarks.worker_input import WorkerInput
from tests.benchmarks.onnx_facts import onnx_zoo as zoo
from tests.benchmarks.onnx_facts.onnx_zoo import MACS, PARAMETERS
from tests.benchmarks.onnx_facts.operator_sweep import sweep

F16 = {"kind": TensorProto.FLOAT16, "dtype": np.float16}
PLAIN = (PARAMETERS, MACS)
#: layout -> (how it is made, parameters, multiply-accumulates, precision)
MEMBERS = {
    **{f"opset-{n}": (partial(zoo.plain, opset=n), *PLAIN, "fp32") for n in (7, 8, 9, 11, 13)},
    **{f"opset-{n}": (partial(zoo.plain, opset=n), *PLAIN, "fp32") for n in (18, 21, 24)},
    "constant-nodes": (zoo.constant_nodes, *PLAIN, "fp32"),
    "behind-moves": (zoo.behind_moves, *PLAIN, "fp32"),
    "sparse": (zoo.sparse, *PLAIN, "fp32"),
    "external": (zoo.external, *PLAIN, "fp32"),
    "fp16": (partial(zoo.plain, **F16), *PLAIN, "fp16"),
    "fp64": (zoo.fp64_product, 20, 20, "fp64"),
    "fp16-weights": (partial(zoo.cast_weights, kind=TensorProto.FLOAT16), *PLAIN, "fp16-weights"),
    "bf16-weights": (partial(zoo.cast_weights, kind=TensorProto.BFLOAT16), *PLAIN, "bf16-weights"),
    "dynamic-batch": (partial(zoo.plain, shape=("n", 3, 8, 10)), *PLAIN, "fp32"),
    "dynamic-everything": (
        partial(zoo.plain, shape=("n", "c", "h", "w")),
        PARAMETERS,
        72 * 96 * 5 * 27 + 20,
        "fp32",
    ),
    "two-frames-a-run": (partial(zoo.plain, shape=(2, 3, 8, 10)), PARAMETERS, 2 * MACS, "fp32"),
    "nhwc-uint8": (zoo.nhwc_uint8, *PLAIN, "fp32"),
    "two-inputs": (zoo.two_inputs, *PLAIN, "fp32"),
    "sequence-output": (zoo.sequence_output, *PLAIN, "fp32"),
    "if": (zoo.branches, PARAMETERS + 20, MACS, "fp32"),
    "loop": (zoo.loop, PARAMETERS + 16, MACS + 3 * 16, "fp32"),
    "function": (zoo.function_twice, PARAMETERS + 16, MACS + 2 * 16, "fp32"),
    "shared-and-unused": (zoo.shared_and_unused, PARAMETERS, MACS + 20, "fp32"),
    "settings": (zoo.settings, *PLAIN, "fp32"),
    "transposed-convolution": (zoo.transposed_convolution, 48, 6 * 5 * 7 * 8, "fp32"),
    "lstm": (zoo.recurrent, 20 * 3 + 20 * 5 + 40, 7 * 20 * 8, "fp32"),
    "gru": (partial(zoo.recurrent, kind="GRU", gates=3), 120 + 30, 7 * 15 * 8, "fp32"),
    "einsum": (zoo.einsum, 30, 2 * 3 * 6 * 5, "fp32"),
    "attention": (zoo.attention, 8 * 24 + 24, 7 * 8 * 24 + 2 * 7 * 7 * 8, "fp32"),
    "4-bit": (zoo.packed_4_bits, 32 * 6, 32 * 6, "int4-weights"),
    "int8-weights": (zoo.weights_only_int8, 20, 20, "int8-weights"),
    "fused": (partial(zoo.optimised, level="ORT_ENABLE_EXTENDED"), *PLAIN, "fp32"),
    "quantize-dynamic": (partial(zoo.quantised, way="dynamic"), *PLAIN, "int8-dynamic"),
    "quantize-dynamic-per-channel": (
        partial(zoo.quantised, way="dynamic", per_channel=True),
        *PLAIN,
        "int8-dynamic",
    ),
    "quantize-dynamic-matmul-alone": (
        partial(zoo.quantised, way="dynamic", op_types_to_quantize=["MatMul"]),
        *PLAIN,
        "int8-dynamic+fp32",
    ),
    "qdq": (partial(zoo.quantised, way="qdq"), *PLAIN, "int8-qdq"),
    "qdq-per-channel": (partial(zoo.quantised, way="qdq", per_channel=True), *PLAIN, "int8-qdq"),
    "qdq-convolutions-alone": (
        partial(zoo.quantised, way="qdq", op_types_to_quantize=["Conv"]),
        *PLAIN,
        "int8-qdq+fp32",
    ),
    "qoperator": (partial(zoo.quantised, way="qoperator"), *PLAIN, "int8-qoperator"),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_parameters_macs_and_precision_are_those_counted_by_hand(tmp_path, name):
    make, parameters, macs, precision = MEMBERS[name]
    found = probe(make(tmp_path / "m.onnx"))
    assert (found.facts.parameters, found.facts.macs) == (parameters, macs)
    assert found.precision == precision
    assert found.facts.unknown == {}


def test_what_no_rule_counts_is_null_with_the_operators_name(tmp_path):
    facts = probe(zoo.unknown_operator(tmp_path / "m.onnx")).facts
    assert (facts.parameters, facts.macs, facts.activations) == (16, None, None)
    assert "com.microsoft::Inverse" in facts.unknown["macs"]
    facts = probe(zoo.trees(tmp_path / "t.onnx")).facts
    assert (facts.parameters, facts.macs) == (None, None)
    assert "ai.onnx.ml::LinearClassifier keeps its weights" in facts.unknown["parameters"]


def test_scales_of_a_cast_by_hand_are_counted_as_the_constants_they_are(tmp_path):
    found = probe(zoo.int8_by_hand(tmp_path / "m.onnx"))
    assert (found.facts.parameters, found.facts.macs) == (20 + 4, 20)


def test_a_layout_that_onnxruntime_made_for_one_processor_is_not_miscounted(tmp_path):
    facts = probe(zoo.optimised(tmp_path / "m.onnx", "ORT_ENABLE_ALL")).facts
    # blocked weights are padded: right only where the processor's layout needs no padding
    assert facts.macs == MACS or "com.microsoft.nchwc::Conv" in facts.unknown["macs"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # PyTorch's, of its older exporter
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_counts_agree_with_pytorchs_own_counter(tmp_path):
    import torch
    from torch import nn
    from torch.utils.flop_counter import FlopCounterMode

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(1, 8, 5, stride=2, padding=1, dilation=2)
            self.deep = nn.Conv2d(8, 12, 3, groups=4, bias=False)
            self.up = nn.ConvTranspose2d(12, 6, 3, stride=2, output_padding=1)
            self.norm = nn.LayerNorm(6)
            self.look = nn.MultiheadAttention(6, 2, batch_first=True)
            self.head = nn.Linear(6, 3)

        def forward(self, x):
            x = self.up(torch.relu(self.deep(self.stem(x)))).flatten(2).transpose(1, 2)
            x = self.norm(x)
            return self.head(self.look(x, x, x, need_weights=False)[0].mean(1))

    net, frame = Net().eval(), torch.rand(1, 1, 20, 24)
    for parameter in net.parameters():  # equal ones would be written as one
        torch.nn.init.normal_(parameter)
    # without the fused attention: its counter would count it, ONNX unfolds it
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        with FlopCounterMode(display=False) as counter:  # with gradients: no fused fast path
            net(frame)
        torch.onnx.export(net, (frame,), str(tmp_path / "m.onnx"), dynamo=False)
    facts = probe(tmp_path / "m.onnx").facts
    assert 2 * facts.macs == counter.get_total_flops()
    assert facts.parameters == sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(
    ("shape", "kind", "frame", "layout"),
    [
        ((1, 3, 8, 10), "FLOAT", True, "NCHW"),
        (("n", 3, 8, 10), "FLOAT", True, "NCHW"),
        ((1, 3, 8, 10), "FLOAT16", True, "NCHW"),
        ((2, 3, 8, 10), "FLOAT", False, ""),
    ],
)
def test_a_frame_is_fed_where_the_input_is_one_and_else_made_up(
    tmp_path, shape, kind, frame, layout
):
    more = F16 if kind == "FLOAT16" else {}
    feed = probe(zoo.plain(tmp_path / "m.onnx", shape=shape, **more)).feed
    assert (feed.frame, feed.layout) == (frame, layout)


def test_a_frame_reaches_a_uint8_model_of_last_channels_in_its_own_levels(tmp_path):
    from benchmarks.onnx_facts.feeds import frame_tensor

    feed = probe(zoo.nhwc_uint8(tmp_path / "m.onnx")).feed
    grey = np.linspace(0, 1, 80, dtype=np.float32).reshape(1, 1, 8, 10)
    fed = frame_tensor(grey, feed)
    assert (fed.shape, fed.dtype, fed.min(), fed.max()) == ((1, 8, 10, 3), np.uint8, 0, 255)
    assert (fed[..., 0] == fed[..., 2]).all()


def test_sizes_that_a_model_leaves_free_can_be_given(tmp_path):
    path = zoo.plain(tmp_path / "m.onnx", shape=("n", 3, "h", "w"))
    found = probe(path, {"x": [1, 3, 8, 10]})
    assert found.facts.macs == MACS
    with pytest.raises(BenchError, match=r"--shape x=\[1, 1, 8, 10\]; it declares"):
        probe(path, {"x": [1, 1, 8, 10]})


@pytest.mark.parametrize("data", [b"", b"not a model", b"\x08\x07" * 500])
def test_a_file_that_onnxruntime_does_not_load_is_refused_in_its_words(tmp_path, data):
    path = tmp_path / "m.onnx"
    path.write_bytes(data)
    with pytest.raises(BenchError, match="onnxruntime does not load it") as caught:
        user_subjects(path)
    assert caught.value.slug == "model-unsupported"
    assert len(str(caught.value)) < 1000


def test_external_data_is_part_of_the_size_and_of_the_digest(tmp_path):
    facts = probe(zoo.external(tmp_path / "m.onnx")).facts
    files = [tmp_path / "m.onnx", tmp_path / "m.bin"]
    assert facts.files == ["m.onnx", "m.bin"]
    assert facts.file_bytes == sum(file.stat().st_size for file in files)
    together = b"".join(file.read_bytes() for file in files)
    assert facts.sha256 == hashlib.sha256(together).hexdigest()


def test_a_foreign_file_is_measured_bare_and_says_what_it_cannot_tell(tmp_path):
    subjects = user_subjects(zoo.quantised(tmp_path / "mine.onnx", "dynamic"))
    one = subjects[0]
    assert (one.name, one.weights) == ("mine-int8-dynamic/onnxruntime", "unknown")
    assert "sdk" not in {s.runtime for s in subjects}
    assert one.facts.unknown["quality"] == "the file names no labels"
    assert one.facts.unknown["sdk"].startswith("model-")


def test_a_students_own_training_state_is_unknown_too(tmp_path):
    from tests.sdk.toy_student import toy_student

    (tmp_path / "toy.onnx").write_bytes(toy_student())
    assert {s.weights for s in user_subjects(tmp_path / "toy.onnx")} == {"unknown"}


@pytest.mark.parametrize(
    ("stem", "name"),
    [("a|b", "a%7Cb"), ("a\nb", "a%0Ab"), ("é ok", "é ok"), ("x" * 150, "x" * 150)],
)
def test_a_files_name_cannot_break_the_figures_names(tmp_path, stem, name):
    assert model_name(tmp_path / f"{stem}.onnx") == name


@pytest.mark.parametrize("name", ["two-inputs", "sequence-output", "fp16", "nhwc-uint8", "loop"])
def test_speed_and_memory_of_a_foreign_model_are_measured_in_fresh_processes(tmp_path, name):
    subject = user_subjects(MEMBERS[name][0](tmp_path / "m.onnx"))[0]
    np.save(tmp_path / "ring.npy", np.zeros((2, 16, 20, 4), np.uint8))
    np.save(tmp_path / "tensor.npy", np.zeros((1, 1, *_size(subject)), np.float32))
    limits = {"queries": 3, "min_queries": 3, "max_seconds": 5.0}
    given = WorkerInput(
        Job(task="single_stream", name=subject.name, **limits),
        subject,
        timeout_s=60,
        frame=FrameShape(20, 16, "BGRA32"),
        ring=str(tmp_path / "ring.npy"),
        screen=str(tmp_path / "ring.npy"),
        tensor=str(tmp_path / "tensor.npy"),
        imports=("numpy", "onnxruntime"),
    )
    result = launch(given)
    assert result.ok, result
    assert len(result.outcome.service_ns) == 3
    stages = {"inference"} if name in ("two-inputs",) else {"inference", "preprocess"}
    assert set(result.outcome.stages_ns) == stages
    memory = launch(replace(given, job=replace(given.job, task="memory")))
    assert memory.process.vm_hwm_kib > 10_000


def _size(subject):
    recipe = subject.preprocessing
    return recipe["height"], recipe["width"]


def test_a_model_that_changes_is_noticed_and_one_that_was_only_touched_is_not(tmp_path):
    path = zoo.external(tmp_path / "m.onnx")
    watch = Watch({str(path): probe(path).facts})
    assert not watch.changed(str(path))
    data = (tmp_path / "m.bin").read_bytes()
    (tmp_path / "m.bin").write_bytes(data)
    assert not watch.changed(str(path))
    (tmp_path / "m.bin").write_bytes(data[:-4] + b"\1\2\3\4")
    assert watch.changed(str(path))
    (tmp_path / "m.bin").unlink()
    assert watch.changed(str(path))
    assert not watch.changed("")


def test_every_operator_that_onnxruntime_runs_is_told_or_refused():
    found = sweep(step=12)
    assert found["models"] > 140
    assert found["told"] > 100
    assert not [outcome for outcome in found if outcome.startswith("fault")]
