"""The README's figures are those of the released student."""

import json
from pathlib import Path

from export.model_card.text import percent

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RELEASE = json.loads((ROOT / "sdk" / "models" / "release.json").read_text(encoding="utf-8"))


def test_accuracies_are_those_of_the_release():
    for part in ("test", "external"):
        row = " | ".join(
            percent(score)
            for score in (
                RELEASE["scores"]["fp32"][part],
                RELEASE["scores"]["int8"][part],
                RELEASE["teacher_scores"][part],
            )
        )
        assert f"| {row} |" in README


def test_sizes_are_those_of_the_files():
    models = ROOT / "sdk" / "models"
    for precision in ("fp32", "int8"):
        size = (models / f"default-{precision}.onnx").stat().st_size
        assert f"{size:,}" in README
        assert RELEASE["bytes"][precision] == size
    assert f"{RELEASE['provenance']['parameters']:,} parameters" in README


def test_every_linked_page_exists():
    for target in README.split("](")[1:]:
        path = target.split(")")[0]
        assert (ROOT / path).exists(), path


def test_the_answer_share_abroad_is_as_told():
    external = RELEASE["scores"]["fp32"]["external"]
    assert 0.78 < external["coverage"] < 0.85
    assert f"{100 * external['accepted_accuracy']:.1f} % of those answers" in README
