import numpy as np
import pytest

from tests.sdk.toy_student import toy_student

torch = pytest.importorskip("torch")


# with and without expansion, residual or not, both kernels
ROWS = [[0, 12, 5, 2], [2, 12, 3, 1], [3, 16, 5, 2], [0, 16, 3, 1]]


DENSE_ROWS = [[0, 12, 3, 2], [0, 12, 5, 1], [0, 16, 1, 2]]


@pytest.fixture(scope="module", params=["depthwise", "dense"])
def exported(request, tmp_path_factory):
    import onnx
    from msgspec import convert

    from export.models.student import StudentConfig, build_student
    from export.packaging.convert import to_onnx

    torch.manual_seed(3)
    dense = {"architecture": "dense", "patch": 4, "stages": DENSE_ROWS}
    kind = dense if request.param == "dense" else {"stages": ROWS}
    student = build_student(4, convert({"stem": 8, "head": 24, **kind}, StudentConfig)).eval()
    for module in student.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
            module.weight.data.uniform_(0.5, 2.0)
            module.bias.data.normal_()
    torch.nn.init.normal_(student.score.weight)
    path = tmp_path_factory.mktemp("twin") / "student.onnx"
    onnx.save(to_onnx(student, 144, 192), path)
    return student, path


def test_the_twin_computes_what_its_file_computes(exported):
    from benchmarks.subjects.runtimes import INFER
    from benchmarks.subjects.spec import Subject
    from benchmarks.subjects.student_twin import twin_of

    student, path = exported
    tensor = np.random.default_rng(0).normal(size=(1, 1, 144, 192)).astype(np.float32)
    with torch.no_grad():
        trained, twin = (
            student(torch.from_numpy(tensor)),
            twin_of(str(path))(torch.from_numpy(tensor)),
        )
    scale = float(trained[0].abs().max())
    assert twin[0].numpy() == pytest.approx(trained[0].numpy(), abs=1e-4 * scale)
    assert twin[1].numpy() == pytest.approx(trained[1].numpy(), abs=1e-5)
    subject = Subject("s", "student", "onnxruntime", "fp32", str(path))
    assert INFER["onnxruntime"](subject, 1)(tensor) == pytest.approx(
        twin[0].numpy(), abs=1e-4 * scale
    )


def test_a_file_of_another_architecture_has_no_twin(tmp_path):
    from benchmarks.subjects.student_twin import twin_of

    path = tmp_path / "toy.onnx"
    path.write_bytes(toy_student())
    with pytest.raises(ValueError, match="convolutions in the file"):
        twin_of(str(path))


def test_the_teacher_is_exported_untrained_and_quantised(tmp_path):
    from benchmarks.onnx_facts.facts import model_facts
    from benchmarks.subjects.prepare import export_teacher, quantize_teacher
    from benchmarks.subjects.runtimes import INFER
    from benchmarks.subjects.spec import Subject

    tensors = np.random.default_rng(0).normal(size=(3, 1, 144, 192)).astype(np.float32)
    fp32 = export_teacher(tmp_path / "t32.onnx", tensors[:1])
    int8 = quantize_teacher(fp32, tmp_path / "t8.onnx", tensors)
    assert model_facts(int8).file_bytes < 0.4 * model_facts(fp32).file_bytes
    assert model_facts(int8).parameters == model_facts(fp32).parameters > 3_000_000
    for path in (fp32, int8):
        subject = Subject("teacher", "teacher", "onnxruntime", "fp32", str(path))
        assert INFER["onnxruntime"](subject, 1)(tensors[:1]).shape == (1, 4)


def test_the_architecture_is_read_from_the_file(exported):
    from benchmarks.subjects.student_twin import architecture, read_layers

    student, path = exported
    assert architecture(read_layers(path).convolutions) == student.config


def test_a_novelty_does_not_hide_the_classifier_from_the_twin(exported, tmp_path):
    import onnx

    from benchmarks.subjects.student_twin import read_layers, twin_of
    from export.models.open_set import OpenSetHead
    from export.packaging.novelty import Measures, with_novelty
    from export.packaging.prototypes import Prototypes

    student, path = exported
    rng = np.random.default_rng(2)
    features = student.classifier.in_features
    prototypes = Prototypes(rng.normal(size=(6, features)), rng.normal(size=(3, features)), 0.5)
    measured = Measures(prototypes, OpenSetHead(student.trunk_channels, 4, 2, 3))
    novel = tmp_path / "novel.onnx"
    onnx.save(with_novelty(onnx.load(path), measured), novel)
    assert np.array_equal(read_layers(novel).weight, student.classifier.weight.detach().numpy())
    tensor = torch.from_numpy(rng.normal(size=(1, 1, 144, 192)).astype(np.float32))
    with torch.no_grad():
        assert torch.equal(twin_of(str(novel))(tensor)[0], twin_of(str(path))(tensor)[0])
