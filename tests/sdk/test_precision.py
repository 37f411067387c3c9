"""The default student's precision follows a fixed table of CPU features."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdk.precision import PRECISION_BY_FEATURES, choose_precision, cpu_features


def test_the_last_row_fits_every_cpu() -> None:
    required, precision = PRECISION_BY_FEATURES[-1]
    assert required == frozenset()
    assert precision == choose_precision(frozenset())


def test_the_first_row_that_fits_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    table = ((frozenset({"a", "b"}), "int8"), (frozenset(), "fp32"))
    monkeypatch.setattr("sdk.precision.PRECISION_BY_FEATURES", table)
    assert choose_precision(frozenset({"a", "b", "c"})) == "int8"
    assert choose_precision(frozenset({"a"})) == "fp32"


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx2 avx512_vnni\n\nprocessor : 1\nflags : x\n",
         {"fpu", "avx2", "avx512_vnni"}),
        ("processor\t: 0\nFeatures\t: fp asimd asimddp\n", {"fp", "asimd", "asimddp"}),
        ("", set()),
    ],
    ids=["x86-64", "aarch64", "empty"],
)  # fmt: skip
def test_features_are_those_of_the_first_core(
    tmp_path: Path, text: str, features: set[str]
) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(text)
    assert cpu_features(path) == features


def test_a_machine_without_cpuinfo_has_no_features(tmp_path: Path) -> None:
    assert cpu_features(tmp_path / "none") == frozenset()
