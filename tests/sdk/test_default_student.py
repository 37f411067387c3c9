"""The student that the package carries: there, small, honest about its origin, and usable."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sdk
from sdk.model_file import read_model_file
from sdk.model_file.known_answers import pattern_frame

MODELS = Path(sdk.__file__).parent / "models"
LIMITS = {"fp32": 450_000, "int8": 240_000}


@pytest.fixture(scope="module", params=["fp32", "int8"])
def classifier(request: pytest.FixtureRequest) -> sdk.Classifier:
    return sdk.Classifier(precision=request.param)


def test_both_files_are_of_one_student() -> None:
    files = {name: read_model_file(MODELS / f"default-{name}.onnx") for name in LIMITS}
    assert {name: file.metadata.precision for name, file in files.items()} == {
        name: name for name in LIMITS
    }
    assert len({file.metadata.student_id for file in files.values()}) == 1
    fp32, int8 = files["fp32"].metadata, files["int8"].metadata
    assert (fp32.labels, fp32.preprocessing) == (int8.labels, int8.preprocessing)


@pytest.mark.parametrize("precision", LIMITS)
def test_the_files_are_small(precision: str) -> None:
    assert (MODELS / f"default-{precision}.onnx").stat().st_size <= LIMITS[precision]


def test_it_knows_four_labels_and_credits_its_data(classifier: sdk.Classifier) -> None:
    assert classifier.labels == ("head", "abdomen", "femur", "background")
    data = classifier.metadata.provenance["training_data"]
    assert any(item["name"].lower().startswith("fetal_planes_db") for item in data)
    assert {item["licence"] for item in data} <= {"CC BY 4.0", "own"}
    assert "Burgos-Artizzu" in classifier.metadata.attribution


def test_it_rejects_black_and_classifies_structure(classifier: sdk.Classifier) -> None:
    assert classifier.classify(np.zeros((600, 800), np.uint8)).reasons == ("no-signal",)
    result = classifier.classify(pattern_frame("speckle", 640, 480))
    assert result.decision in ("accept", "abstain")
    assert sum(result.probabilities.values()) == pytest.approx(1.0)
    assert result.attention.sum() == pytest.approx(1.0, abs=1e-3)


def test_two_lines_are_enough() -> None:
    code = "import sdk, numpy as np; print(sdk.classify(np.zeros((600,800),'uint8')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Result(decision='reject', label=None")
    assert done.stderr == ""


def test_every_measured_precision_rule_names_a_file_that_is_there() -> None:
    from sdk.precision import PRECISION_BY_FEATURES

    for _, precision in PRECISION_BY_FEATURES:
        assert (MODELS / f"default-{precision}.onnx").is_file()
