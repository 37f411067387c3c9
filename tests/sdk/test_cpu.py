"""What follows from a CPU's features for 8-bit arithmetic."""

from __future__ import annotations

import platform

import pytest

from sdk import runtime
from sdk._cpu import signed_weights_saturate


@pytest.mark.parametrize(
    ("machine", "features", "saturate"),
    [
        ("x86_64", {"avx2"}, True),
        ("x86_64", {"avx2", "avx512f", "avx512bw"}, True),
        ("x86_64", {"avx2", "avx512f", "avx512_vnni"}, False),
        ("x86_64", {"avx2", "avx_vnni"}, False),
        ("x86_64", set(), True),  # nothing is known: exact, if slower
        ("AMD64", set(), True),  # as Windows names it
        ("aarch64", {"asimd"}, False),
        ("aarch64", {"asimd", "asimddp", "i8mm"}, False),
        ("arm64", set(), False),
    ],
)
def test_signed_weights_saturate_on_x86_without_vnni_alone(
    machine: str, features: set[str], saturate: bool
) -> None:
    assert signed_weights_saturate(frozenset(features), machine) is saturate


@pytest.mark.parametrize(
    ("machine", "features", "entry"),
    [("x86_64", {"avx2"}, "1"), ("x86_64", {"avx_vnni"}, None), ("aarch64", set(), None)],
)
def test_a_session_asks_for_exact_products_where_they_would_saturate(
    monkeypatch: pytest.MonkeyPatch, machine: str, features: set[str], entry: str | None
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    options = runtime.session_options(features=frozenset(features))
    if entry is None:
        with pytest.raises(runtime.failures()):
            options.get_session_config_entry(runtime.EXACT_INT8)
    else:
        assert options.get_session_config_entry(runtime.EXACT_INT8) == entry


def test_without_features_given_a_session_asks_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(runtime, "cpu_features", lambda: frozenset({"avx2"}))
    options = runtime.session_options()
    assert options.get_session_config_entry(runtime.EXACT_INT8) == "1"
