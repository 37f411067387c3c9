"""Which kernel a CPU gets, and that no choice changes a bit."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from typer.testing import CliRunner

from sdk import _kernels
from sdk.cli.app import app
from sdk.errors import SdkError
from tests.reference.frames import frame_of, preprocessing_of
from tests.reference.preprocess import FORMATS, Case, Recipe
from tests.reference.strategies import cases, recipes

ISAS = _kernels.available_isas()
POLICIES = _kernels.fetch_policies()
TINY = Case("GRAY8", 4, 4, np.zeros(16, np.uint8), (4,))
HALF = Recipe(2, 2, letterbox=False, mean=0.0, std=1.0, pad_level=0)

# CPUID and XCR0 of a CPU and an operating system that have everything.
POPCNT, AVX2 = 1 << 23, 1 << 5
F, DQ, BW, VL = 1 << 16, 1 << 17, 1 << 30, 1 << 31
VBMI, VNNI = 1 << 1, 1 << 11
YMM, ZMM = 0x06, 0xE6
WHOLE = (POPCNT, AVX2 | F | DQ | BW | VL, VBMI | VNNI, ZMM)


def plan_of(case: Case, recipe: Recipe, isa: str, fetch: str) -> _kernels.Plan:
    preprocessing = preprocessing_of(recipe)
    return _kernels.Plan(
        layout=frame_of(case)._layout,
        width=preprocessing.width,
        height=preprocessing.height,
        letterbox=preprocessing.aspect == "letterbox",
        mean=preprocessing.mean,
        std=preprocessing.std,
        pad_level=preprocessing.pad_level,
        isa=isa,
        fetch=fetch,
    )


@pytest.mark.parametrize("name", FORMATS)
def test_no_instruction_set_or_fetch_policy_changes_a_bit(name: str) -> None:
    @settings(max_examples=12, deadline=None)
    @given(cases(name), recipes())
    def holds(case: Case, recipe: Recipe) -> None:
        results = []
        for isa in ISAS:
            for fetch in POLICIES:
                plan = plan_of(case, recipe, isa, fetch)
                assert (plan.isa, plan.fetch) == (isa, fetch)
                out = np.full((recipe.height, recipe.width), np.nan, np.float32)
                again = np.full_like(out, np.nan)
                coarse = np.full(plan.coarse_shape, np.nan, np.float32)
                plan.run(case.buffer, out)
                counts = plan.measure(case.buffer, again, coarse, None)
                assert out.tobytes() == again.tobytes()
                results.append((out.tobytes(), coarse.tobytes(), counts))
        assert all(result == results[0] for result in results)

    holds()


@pytest.mark.parametrize(
    ("vendor", "family", "policy"),
    [
        ("AuthenticAMD", 25, "second-level"),
        ("AuthenticAMD", 26, "first-level"),
        ("AuthenticAMD", 27, "second-level"),
        ("GenuineIntel", 6, "second-level"),
        ("GenuineIntel", 26, "second-level"),
        ("", 0, "second-level"),
    ],
)
def test_the_table_names_the_fetch_policy_of_a_cpu(vendor: str, family: int, policy: str) -> None:
    assert _kernels.fetch_of(vendor, family) == policy


def test_this_machine_gets_the_policy_of_the_table_and_the_best_instruction_set() -> None:
    facts = _kernels.kernel_facts()
    assert facts["fetch"] == _kernels.fetch_of(facts["vendor"], facts["family"])
    assert facts["isa"] == ISAS[0]
    plan = plan_of(TINY, HALF, "", "")
    assert (plan.isa, plan.fetch) == (facts["isa"], facts["fetch"])


def test_an_unknown_fetch_policy_is_refused_by_name() -> None:
    with pytest.raises(SdkError, match=r"'fast'.*second-level, first-level, none") as caught:
        plan_of(TINY, HALF, "", "fast")
    assert caught.value.slug == "fetch-unknown"


def test_a_cpu_and_a_system_that_have_everything_allow_every_instruction_set() -> None:
    assert _kernels.allowed_isas(*WHOLE) == ["avx512", "avx2"]


@pytest.mark.parametrize(
    ("entry", "bit"), [(1, F), (1, DQ), (1, BW), (1, VL), (2, VBMI), (2, VNNI)]
)
def test_avx512_needs_every_one_of_its_parts(entry: int, bit: int) -> None:
    told = list(WHOLE)
    told[entry] &= ~bit
    assert _kernels.allowed_isas(*told) == ["avx2"]


@pytest.mark.parametrize("state", [1 << 5, 1 << 6, 1 << 7])
def test_avx512_needs_a_system_that_saves_its_registers(state: int) -> None:
    assert _kernels.allowed_isas(*WHOLE[:3], ZMM & ~state) == ["avx2"]


@pytest.mark.parametrize("told", [(POPCNT, AVX2, 0, 0x02), (POPCNT, AVX2, 0, 0), (0, AVX2, 0, YMM)])
def test_avx2_needs_popcnt_and_a_system_that_saves_its_registers(told: tuple[int, ...]) -> None:
    assert _kernels.allowed_isas(POPCNT, AVX2, 0, YMM) == ["avx2"]
    assert _kernels.allowed_isas(*told) == []


def test_info_shows_the_kernel_in_use() -> None:
    shown = json.loads(CliRunner().invoke(app, ["info", "--json"]).output)["kernel"]
    assert shown == _kernels.kernel_facts()


def test_info_shows_an_instruction_set_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOGAZE_ISA", "scalar")
    shown = json.loads(CliRunner().invoke(app, ["info", "--json"]).output)["kernel"]
    assert shown == _kernels.kernel_facts() | {"isa": "scalar"}
