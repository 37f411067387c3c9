"""int8: what fake quantisation computes in PyTorch is what onnxruntime computes of the file."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from export.data.phantom import phantom_frame
from export.data.view_bank import ViewBank
from export.distill.formulas import soft_cross_entropy
from export.models.student import Student, build_student
from export.packaging.convert import folded, run_onnx, to_onnx
from export.packaging.fake_quant import QuantisedStudent, Range, rounded_weights
from export.packaging.qat import Task, fine_tune, quantise
from export.packaging.quantize import Scheme, quantize
from export.packaging.rounding_sites import tensor_names
from export.recipe.digests import quantisation_digest
from export.recipe.read import load_recipe
from export.recipe.settings import Quantisation, StageConfig, StudentConfig
from sdk import Frame

RECIPE = load_recipe("smoke")
LABELS = RECIPE.labels
DENSE = StudentConfig(
    8, (StageConfig(0, 12, 3, 2), StageConfig(0, 12, 3, 1)), 24, "dense", patch=4, branches=2
)
KINDS = {
    "depthwise": (RECIPE.student.network, ()),
    "dense": (DENSE, ()),
    "dense, some of it fp32": (DENSE, ("stem", "score", "classifier")),
}
SIZE = (RECIPE.preprocessing.height, RECIPE.preprocessing.width)


def _frames(count: int, first_seed: int) -> np.ndarray:
    """Tensors (4 count, 1, h, w) of synthetic phantom frames, the labels in turn."""
    frames = [
        phantom_frame(label, seed=seed, height=96, width=128).pixels
        for seed in range(first_seed, first_seed + count)
        for label in LABELS
    ]
    return np.concatenate([RECIPE.preprocessing.tensor(Frame.from_array(f)) for f in frames])


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return _frames(8, first_seed=0)


@pytest.fixture(scope="module", params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def float_layers(kind) -> tuple[str, ...]:
    return KINDS[kind][1]


@pytest.fixture(scope="module")
def student(frames, kind) -> Student:
    """A student with batch norms that have seen frames, and an attention that is not uniform."""
    torch.manual_seed(0)
    student = build_student(len(LABELS), KINDS[kind][0])
    torch.nn.init.normal_(student.score.weight)
    with torch.no_grad():
        for _ in range(40):
            student(torch.from_numpy(frames))
    return student.eval()


@pytest.fixture(scope="module")
def fp32(student) -> onnx.ModelProto:
    return to_onnx(student, *SIZE)


@pytest.fixture(scope="module")
def task(frames) -> Task:
    grey = np.clip(np.rint((frames[:, 0] * 0.2 + 0.2) * 255), 0, 255).astype(np.uint8)
    targets = np.tile(np.eye(len(LABELS), dtype=np.float32), (len(frames) // len(LABELS), 1))
    count = len(grey)
    bank = ViewBank(
        views=grey,
        frame_index=np.arange(count, dtype=np.int32),
        targets=targets,
        matrices=np.zeros((count, 2, 2, 3), np.float32),
        partner_index=np.full(count, -1),
        share=np.ones(count, np.float32),
    )

    def normalise(views):
        return (torch.from_numpy(views).float().unsqueeze(1) / 255 - 0.2) / 0.2

    def loss(model, inputs, indices):
        return {"total": soft_cross_entropy(model(inputs)[0], torch.from_numpy(targets[indices]))}

    return Task(bank, normalise, loss, batch=16)


@pytest.fixture(scope="module")
def tuned(student, frames, task, float_layers, tmp_path_factory) -> QuantisedStudent:
    settings = Quantisation(
        "qat", epochs=10, learning_rate=3e-3, average=0.5, float_layers=float_layers
    )
    checkpoint = tmp_path_factory.mktemp("qat") / "resume.pt"
    return fine_tune(student, settings, frames, task, checkpoint)


@pytest.fixture(scope="module")
def exported(tuned) -> onnx.ModelProto:
    return tuned.to_onnx(*SIZE)


def test_onnxruntime_computes_what_fake_quantisation_computes(tuned, exported, float_layers):
    unseen = _frames(8, first_seed=100)
    logits, attention = run_onnx(exported.SerializeToString(), unseen)
    with torch.no_grad():
        expected = [t.numpy() for t in tuned(torch.from_numpy(unseen))]
    # fp32 logits have no step of their own: that of the head's features is what moves them
    low, high = tuned.limits()["head.0.0" if "classifier" in float_layers else "classifier"]
    step = (high - low) / 255
    # a value on the edge of two levels may fall on the other one: a step or two of the logits
    assert np.abs(logits - expected[0]).max() <= 2.01 * step
    assert np.abs(logits - expected[0]).mean() < 0.1 * step
    assert np.abs(attention - expected[1]).max() < 0.01
    with torch.no_grad():
        exact = _bare(tuned.student)(torch.from_numpy(unseen))[0].numpy()
    assert np.abs(logits - exact).max() > 2.5 * step  # a student that does not round is found out


def _bare(student: Student) -> Student:
    copy = folded(build_student(len(LABELS), student.config))
    copy.load_state_dict(student.state_dict())
    return copy.eval()


def test_the_file_holds_the_ranges_that_training_found(tuned, exported, fp32):
    constants = {i.name: numpy_helper.to_array(i) for i in exported.graph.initializer}
    tensors = tensor_names(fp32)
    assert tuned.limits()
    for site, (low, high) in tuned.limits().items():
        scale = constants[f"{tensors[site]}_scale"]
        assert scale == pytest.approx((high - low) / 255, rel=1e-6), site
        assert constants[f"{tensors[site]}_zero_point"] == round(-low / float(scale)), site


def test_onnxruntime_rounds_nowhere_else(tuned, exported, fp32):
    rounded = {n.input[0] for n in exported.graph.node if n.op_type == "QuantizeLinear"}
    tensors = {tensor_names(fp32)[site] for site in tuned.limits()}
    # the graph's output keeps its name behind the rounding
    logits = {"logits_QuantizeLinear_Input"} if "logits" in tensors else set()
    assert rounded == (tensors - {"logits"}) | logits


def test_layers_that_stay_fp32_keep_their_weights_and_nothing_else_does(
    tuned, exported, float_layers
):
    constants = {i.name for i in exported.graph.initializer}
    layers = [
        name
        for name, module in tuned.student.named_modules()
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear)
    ]
    plain = {name for name in layers if f"{name}.weight" in constants}
    assert plain == {n for n in layers if n.split(".")[0] in float_layers}
    assert {n for n in layers if f"{n}.weight_quantized" in constants} == set(layers) - plain


def test_the_file_holds_the_weights_on_their_grid(tuned, exported):
    constants = {i.name: numpy_helper.to_array(i) for i in exported.graph.initializer}
    for name, module in tuned.student.named_modules():
        if f"{name}.weight_quantized" in constants:
            assert isinstance(module, torch.nn.Conv2d | torch.nn.Linear)
            assert constants[f"{name}.weight_quantized"].dtype == np.int8
            grid = constants[f"{name}.weight_quantized"].astype(np.float64)
            scale = constants[f"{name}.weight_scale"].astype(np.float64)
            stored = grid * scale.reshape(-1, *[1] * (grid.ndim - 1))
            assert np.allclose(stored, rounded_weights(module.weight).detach(), atol=1e-6), name


def test_fine_tuning_lowers_the_loss_of_the_rounded_student(
    student, frames, task, tuned, float_layers
):
    before = QuantisedStudent(student, float_layers=float_layers)
    before.calibrate(frames)
    losses = []
    for model in (before.eval(), tuned):
        with torch.no_grad():
            parts = task.loss(model, torch.from_numpy(frames), np.arange(len(frames)))
        losses.append(float(parts["total"]))
    assert losses[1] < 0.9 * losses[0]


def test_calibrated_ranges_are_those_of_onnxruntime(student, frames, fp32, float_layers):
    rounded = QuantisedStudent(student, float_layers=float_layers)
    rounded.calibrate(frames, batch=5)
    static = quantize(fp32, frames, Scheme(float_layers=float_layers))
    constants = {i.name: numpy_helper.to_array(i) for i in static.graph.initializer}
    tensors = tensor_names(fp32)
    for site, (low, high) in rounded.limits().items():
        # ours see values that were rounded before them, onnxruntime's did not
        allowed = {"frame": 1e-6, "stem.0.0": 0.02}.get(site, 0.15)
        expected = float(constants[f"{tensors[site]}_scale"])
        assert (high - low) / 255 == pytest.approx(expected, rel=allowed), site


def test_a_range_rounds_to_256_levels_and_clips():
    found = Range().eval()
    found.low.fill_(-1.0)
    found.high.fill_(1.55)  # a step of 0.01, zero at level 100
    values = torch.tensor([-2.0, -1.0, -0.004, 0.006, 0.01, 1.554, 9.0], requires_grad=True)
    rounded = found(values)
    assert torch.allclose(rounded, torch.tensor([-1, -1, 0, 0.01, 0.01, 1.55, 1.55]), atol=1e-6)
    rounded.sum().backward()
    assert values.grad.tolist() == [0, 1, 1, 1, 1, 1, 0]


def test_weights_round_by_channel_and_pass_every_gradient():
    weights = torch.tensor([[2.54, 0.013, -2.54], [0.0, 0.0, 0.0]], requires_grad=True)
    rounded = rounded_weights(weights)  # a step of 0.02 in the first channel
    assert torch.allclose(rounded[0], torch.tensor([2.54, 0.02, -2.54]), atol=1e-6)
    assert not rounded[1].any()
    rounded.sum().backward()
    assert (weights.grad == 1).all()


def test_static_quantisation_needs_no_task(student, frames, fp32, tmp_path):
    def none() -> Task:
        raise AssertionError

    static = quantise(student, SIZE, Quantisation(), frames, none, tmp_path)
    assert static == quantize(fp32, frames)
    assert not list(tmp_path.iterdir())


def test_fine_tuning_by_the_recipe_gives_another_file_and_can_be_resumed(
    student, frames, fp32, task, tmp_path
):
    settings = Quantisation("qat", epochs=2)

    def interrupt(epoch, parts):
        if epoch == 1:
            raise KeyboardInterrupt

    def tune(run: Path, report=lambda epoch, parts: None):
        return quantise(student, SIZE, settings, frames, lambda: task, run, report)

    whole = tune(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        tune(tmp_path / "cut", interrupt)
    assert tune(tmp_path / "cut") == whole
    assert whole != quantize(fp32, frames)


def test_a_fine_tuning_of_other_settings_begins_anew():
    plain, changed = Quantisation("qat"), Quantisation("qat", learning_rate=1e-3)
    assert quantisation_digest(plain) == quantisation_digest(Quantisation("qat"))
    assert quantisation_digest(plain) != quantisation_digest(changed)


def test_each_choice_of_a_scheme_reaches_the_file(frames, fp32):
    def initialisers(**choice) -> dict[str, np.ndarray]:
        model = quantize(fp32, frames, Scheme(**choice))
        return {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}

    weights, frame = "head.0.0.weight", "frame"
    assert initialisers()[f"{weights}_quantized"].dtype == np.int8
    assert initialisers(weights="uint8")[f"{weights}_quantized"].dtype == np.uint8
    assert weights in initialisers(float_layers=("head",))
    assert weights not in initialisers(float_layers=("hea", "head.0.0.w"))
    assert initialisers(per_channel=False)[f"{weights}_scale"].size == 1
    assert initialisers(activations="int8")[f"{frame}_zero_point"].dtype == np.int8
    assert initialisers(symmetric=True)[f"{frame}_zero_point"] == 128
    found, widest = initialisers(calibration="percentile"), initialisers()
    scales = [name for name in found if name.endswith("_scale") and "." not in name]
    assert any(found[name] < widest[name] for name in scales)
