"""Records of several machines must not meet in one folder."""

from __future__ import annotations

import pytest

from benchmarks.machine.cpu_name import cpu_folder
from sdk import _kernels


@pytest.mark.parametrize(
    ("vendor", "family", "model", "isa", "name"),
    [
        ("AuthenticAMD", 26, 2, "avx512", "amd-26-2-avx512"),
        ("GenuineIntel", 6, 143, "avx2", "intel-6-143-avx2"),
        ("HygonGenuine", 24, 1, "avx2", "hygongenuine-24-1-avx2"),
    ],
)
def test_a_folder_names_vendor_family_model_and_instruction_set(
    monkeypatch: pytest.MonkeyPatch, vendor: str, family: int, model: int, isa: str, name: str
) -> None:
    facts = {"vendor": vendor, "family": family, "model": model}
    monkeypatch.setattr(_kernels, "kernel_facts", lambda: facts)
    monkeypatch.setattr(_kernels, "available_isas", lambda: [isa, "scalar"])
    assert cpu_folder() == name


def test_a_cpu_without_cpuid_is_named_by_its_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_kernels, "kernel_facts", lambda: {"vendor": "", "family": 0, "model": 0})
    monkeypatch.setattr(_kernels, "available_isas", lambda: ["neon", "scalar"])
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert cpu_folder() == "aarch64-neon"
