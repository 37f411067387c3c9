"""What the README shows is what comes out, and its figures are those of the records."""

import doctest
import json
import re
import subprocess
from pathlib import Path

import pytest

from export.model_card.text import percent
from tests.docs.output import matches

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RELEASE = json.loads((ROOT / "sdk" / "models" / "release.json").read_text(encoding="utf-8"))
FULL = json.loads((ROOT / "docs/results/bench-full/record.json").read_text(encoding="utf-8"))
SESSION = README.split("```pycon\n")[1].split("```")[0]


class _Shown(doctest.OutputChecker):
    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return matches(want, got)


def _failures(session: str) -> int:
    test = doctest.DocTestParser().get_doctest(session, {}, "README", "README.md", 0)
    return doctest.DocTestRunner(_Shown(), verbose=False).run(test, out=lambda text: None).failed


def test_the_session_prints_what_is_shown():
    assert _failures(SESSION) == 0
    assert SESSION.count(">>> ") == 8


@pytest.mark.parametrize(
    ("shown", "otherwise"),
    [
        ("decision='accept'", "decision='abstain'"),
        ("confidence=0.995", "confidence=0.900"),
        ("('no-signal',)", "('uniform',)"),
        ("@ad2fcd8f0395", "@ad2fcd8f0396"),
        ("is ambiguous", "is fine"),
    ],
)
def test_a_session_that_shows_something_else_is_found(shown, otherwise):
    assert shown in SESSION
    assert _failures(SESSION.replace(shown, otherwise)) > 0


def test_installing_stands_within_the_first_lines():
    assert "```" in "\n".join(README.splitlines()[:22])


def test_whoever_verifies_a_build_finds_the_way_on_the_first_screen():
    (line,) = [line for line in README.splitlines()[:24] if "compare-two-runs.md" in line]
    assert line.startswith("**Verifying a build?**")


@pytest.mark.parametrize(
    ("targets", "told"), [([], True), (["setup"], True), (["check"], False), (["test"], False)]
)
def test_setup_ends_with_what_to_do_next_only_where_it_was_asked_for(targets, told):
    # the stamp is taken for new, so nothing but the line itself would run
    command = ["make", "--no-print-directory", "-n", "-o", ".venv/.ready", *targets]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    line = "echo 'Next: `. .venv/bin/activate`, then one of the three ways in (README.md)'"
    assert (shown.splitlines()[-1] == line) == told
    assert ("Next:" in shown) == told


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


def test_ratios_are_those_of_the_record_and_the_release():
    student, teacher = (
        next(subject for subject in FULL["subjects"] if subject["name"] == name)
        for name in ("student-fp32/sdk", "teacher-fp32/onnxruntime")
    )
    p50 = {
        subject["name"]: next(
            figure["value"]
            for figure in FULL["figures"]
            if figure["id"] == f"{subject['name']}|single_stream|threads=1|end_to_end|p50"
        )
        for subject in (student, teacher)
    }
    times = p50["student-fp32/sdk"], p50["teacher-fp32/onnxruntime"]
    assert _row("a whole call") == _cells(*times, "{:.2f} ms", "{:.1f}")
    macs = student["macs"] / 1e6, teacher["macs"] / 1e6
    assert _row("multiply-adds") == _cells(*macs, "{:.1f} million", "{:.1f}")
    megabytes = student["file_bytes"] / 1e6, teacher["file_bytes"] / 1e6
    cells = f"{megabytes[0]:.2f} MB", f"{megabytes[1]:.1f} MB"
    assert _row("file, ONNX") == [*cells, f"{megabytes[1] / megabytes[0]:.0f}"]
    count = RELEASE["provenance"]["parameters"], 3_376_132
    assert _row("parameters") == _cells(*count, "{:,}", "{:.0f}")
    right = RELEASE["scores"]["fp32"]["test"], RELEASE["teacher_scores"]["test"]
    assert _row("accuracy on") == [*(f"{100 * s['accuracy']:.1f} %" for s in right), ""]


def test_paced_figures_and_the_files_parameters_are_those_of_the_record():
    key = "student-fp32/sdk|paced-30fps|threads=1|"
    value = {figure["id"].removeprefix(key): figure["value"] for figure in FULL["figures"]}
    p50, p99 = (f"{value[f'end_to_end|{p}']:.2f} ms" for p in ("p50", "p99"))
    assert f"the student takes {p50}." in README
    assert f"the same call takes {p50} (p50; p99 {p99})" in README
    assert f"there {value['response|p99']:.2f} ms after its frame was due (p99)" in README
    assert f"busy for {value['cpu|share_of_core']:.1f} %" in README
    whole = next(s["parameters"] for s in FULL["subjects"] if s["name"] == "student-fp32/sdk")
    assert f"its file holds {whole / 1000:.0f} thousand" in README


def _row(begin: str) -> list[str]:
    (line,) = [line for line in README.splitlines() if line.startswith(f"| {begin}")]
    return [cell.strip() for cell in line.split("|")[2:-1]]


def _cells(student: float, teacher: float, value: str, ratio: str) -> list[str]:
    return [value.format(student), value.format(teacher), ratio.format(teacher / student)]


def test_every_linked_page_and_place_on_it_exists():
    for target in README.split("](")[1:]:
        path, _, anchor = target.split(")")[0].partition("#")
        assert (ROOT / path).exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text("utf-8"), re.MULTILINE)
            assert anchor in [heading.lower().replace(" ", "-") for heading in headings], anchor


def test_the_answer_share_abroad_is_as_told():
    external = RELEASE["scores"]["fp32"]["external"]
    assert f"it answers {100 * external['coverage']:.0f} %" in README
    assert f"{100 * external['accepted_accuracy']:.1f} % of those answers" in README


def test_what_is_accepted_of_kinds_never_met_is_as_told():
    shares = [
        f"{100 * RELEASE['strangers'][f'not_fetal:{k}']['accepted']:.1f} %"
        for k in ("muscle", "lung")
    ]
    assert f"accepts {shares[0]} of leg muscle, {shares[1]} of lungs" in README
    assert not any(told["accepted"] for told in RELEASE["negatives"]["patterns"].values())
    femurs = RELEASE["negatives"]["structures"]["femur"]["fetal_planes_db:val"]
    erased = [t["accepted_as_label"] for name, t in femurs.items() if name.startswith("erased")]
    assert f"{100 * min(erased):.0f} to {100 * max(erased):.0f} %" in README
