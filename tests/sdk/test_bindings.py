"""Every argument of every compiled binding is checked: a wrong one raises, and nothing crashes.

Each call of the table is made with good arguments, which must work, and then with each argument
replaced by each wild value. All of it runs in one child process, which must live to the end.
"""

from __future__ import annotations

import subprocess
import sys
from array import array
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk import _kernels
from sdk.errors import MAX_MESSAGE, SdkError
from sdk.result import Result, Timing

HUGE = (2**31, 2**32, 2**62, 2**63 - 1, 2**63, 2**64, 2**65, 10**400)
WILD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    *HUGE,
    *(-number for number in HUGE),
    float("nan"),
    float("inf"),
    -float("inf"),
    1e308,
    5e-324,
    1.5,
    "",
    "x" * 10_000,
    b"",
    b"\0" * 16,
    (),
    (1,),
    (1, 2),
    (1, 2, 3, 4),
    (2**62, 2**62, 2**62, 2**62),
    (-(2**63), 0, 2**63 - 1, 2**63 - 1),
    (float("nan"),) * 6,
    (float("inf"),) * 6,
    (1e308,) * 6,
    (1,) * 7,
    ("a", "b", "c", "d"),
    [1] * 1000,
    {},
    object(),
    np.zeros(0, np.float32),
    np.zeros((3, 3), np.float64),
    np.zeros(5, np.float32)[::2],
    np.broadcast_to(np.float32(0), (4, 8)),
    np.zeros((4, 8), np.uint8)[:, ::-1],
    np.zeros((4, 8), np.float32).T,
    memoryview(b"abc"),
)
LAYOUT = {
    "format": "GRAY8", "width": 8, "height": 4, "strides": (), "separate_planes": False,
    "matrix": 0, "limited": False, "window": (0, 65535), "region": None, "unit": 1,
    "pixel_size_mm": (1.0, 1.0),
}  # fmt: skip
KINDS = (_kernels.Layout, _kernels.Plan, _kernels.Gate, _kernels.Request)
GATE = {
    "width": 8, "height": 4, "black": 0.1, "saturated": 0.9, "repeat": 0.01, "min_lit_share": 0.1,
    "max_saturated_share": 0.5, "max_repeated_share": 0.5, "min_variance": 0.01,
    "min_correlation": 0.5, "pattern_correlation": 0.9,
}  # fmt: skip


def layout() -> _kernels.Layout:
    return _kernels.Layout(**LAYOUT)


def plan(**changed: Any) -> _kernels.Plan:
    named = {"layout": layout(), "width": 8, "height": 4, "letterbox": False, "mean": 0.0}
    return _kernels.Plan(**(named | {"std": 1.0, "pad_level": 0, "isa": ""} | changed))


def cells(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def answering(**changed: Any) -> dict[str, Any]:
    """Settings of a request of three labels, whose tensor is that of `plan()`."""
    return {
        "gate": _kernels.Gate(**GATE), "tensor": cells(32), "logits": cells(3),
        "attention": cells(2, 2), "novelty": cells(1), "scale": 1.0, "slack": 1e-3,
        "thresholds": [0.5, 0.5, 0.5], "novelty_above": 1.0, "labels": ("a", "b", "c"),
        "outcomes": (("accept", ()), *[("abstain", (f"doubts {n}",)) for n in range(1, 8)]),
        "per_level": 0.02, "timing": Timing,
    } | changed  # fmt: skip


def calls() -> dict[str, tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]]:
    """Name -> function, positional and named arguments that are right."""
    frame, made, request = bytes(32), plan(), _kernels.Request(**answering())
    settings_of_plan = {"layout": layout(), "width": 8, "height": 4, "letterbox": False}
    settings_of_plan |= {"mean": 0.0, "std": 1.0, "pad_level": 0, "isa": ""}
    yuv = LAYOUT | {"format": "NV12", "matrix": 1, "separate_planes": True}
    sector = LAYOUT | {"region": (4.0, 0.0, 0.0, 5.0, -45.0, 45.0)}
    return {
        "Layout": (_kernels.Layout, (), LAYOUT),
        "Layout nv12": (_kernels.Layout, (), yuv),
        "Layout 10 bits": (_kernels.Layout, (), LAYOUT | {"format": "P010", "matrix": 2}),
        "Layout rectangle": (_kernels.Layout, (), LAYOUT | {"region": (1, 1, 2, 2)}),
        "Layout sector": (_kernels.Layout, (), sector),
        "Layout.check": (_kernels.Layout.check, (layout(), frame), {}),
        "Layout.packed": (_kernels.Layout.packed, (layout(), frame), {}),
        "Layout.pack_into": (
            _kernels.Layout.pack_into,
            (layout(), frame, bytearray(layout().packed_bytes)),
            {},
        ),
        "Layout.strides": (vars(_kernels.Layout)["strides"].__get__, (layout(),), {}),
        "Plan": (_kernels.Plan, (), settings_of_plan),
        "Plan.run": (_kernels.Plan.run, (made, frame, cells(32)), {}),
        "Plan.measure": (_kernels.Plan.measure, (made, frame, cells(32), cells(2), cells(2)), {}),
        "Plan.moved": (_kernels.Plan.moved, (made, frame, cells(32), 12.0), {}),
        "pooled": (_kernels.pooled, ((0.9, 0.1), (0.2, 0.8), 0.5, 0.01), {}),
        "by_label": (_kernels.by_label, (("a", "b"), (0.75, 0.25)), {}),
        "Gate": (_kernels.Gate, (), GATE),
        "Gate.judge": (_kernels.Gate.judge, (_kernels.Gate(**GATE), cells(32), (0, 0, 8, 4)), {}),
        "all_finite": (_kernels.all_finite, (cells(3),), {}),
        "is_distribution": (_kernels.is_distribution, (cells(3), 1e-3), {}),
        "Request": (_kernels.Request, (), answering()),
        "Request.prepare": (_kernels.Request.prepare, (request, made, frame), {}),
        "Request.check": (_kernels.Request.check, (request, made), {}),
        "Request.blank": (_kernels.Request.blank, (request,), {}),
        "Request.answer": (_kernels.Request.answer, (request, 0, True), {}),
        "Request.spent": (_kernels.Request.spent, (request, 0), {}),
        "now_ns": (_kernels.now_ns, (), {}),
        "filled": (_kernels.filled, (Result, Result.__slots__, (1,) * len(Result.__slots__)), {}),
        "find_regions": (_kernels.find_regions, (cells(1, 24, 32), (1, 24, 32)), {}),
        "looks_like_screen": (
            _kernels.looks_like_screen,
            (cells(32), (8, 4), (0, 0, 8, 4), 0.02),
            {},
        ),
        "spread_attention": (
            _kernels.spread_attention,
            (layout(), cells(2, 2), (2, 2), (8, 4), (0, 0, 8, 4), cells(4, 8)),
            {},
        ),
        "sum_region": (_kernels.sum_region, (layout(), frame, True), {}),
        "memcpy_region": (_kernels.memcpy_region, (layout(), frame, True), {}),
        "region_bytes": (_kernels.region_bytes, (layout(), True), {}),
        "formats": (_kernels.formats, (), {}),
        "available_isas": (_kernels.available_isas, (), {}),
        "fetch_policies": (_kernels.fetch_policies, (), {}),
        "fetch_of": (_kernels.fetch_of, ("GenuineIntel", 6), {}),
        "allowed_isas": (_kernels.allowed_isas, (0, 0, 0, 0), {}),
        "kernel_facts": (_kernels.kernel_facts, (), {}),
    }


def wild_calls() -> int:
    """Make every wild call; return how many there were."""
    made = 0
    for name, (function, positional, named) in calls().items():
        if name == "Layout nv12":
            named = named | {"strides": (8, 8)}
        function(*positional, **named)  # the table itself is right
        for value in WILD:
            for at in range(len(positional)):
                attempt(name, function, (*positional[:at], value, *positional[at + 1 :]), named)
            for key in named:
                attempt(name, function, positional, named | {key: value})
            made += len(positional) + len(named)
    return made


def attempt(
    name: str, function: Callable[..., Any], positional: tuple[Any, ...], named: dict[str, Any]
) -> None:
    try:
        function(*positional, **named)
    except SdkError as refusal:
        if len(str(refusal)) > MAX_MESSAGE or not str(refusal).isprintable():
            raise AssertionError(f"{name}: a message out of bounds") from refusal
    except (TypeError, ValueError):
        return
    except Exception as error:
        raise AssertionError(f"{name} raised {type(error).__name__}: {error}"[:300]) from error


def test_no_wild_argument_of_any_binding_crashes_or_escapes() -> None:
    code = "from tests.sdk import test_bindings as t"
    code += "; print(t.wild_calls())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 3500


def test_every_public_binding_is_in_the_table() -> None:
    bound = {name for name in dir(_kernels) if not name.startswith("_")}
    methods = {
        "check",
        "packed",
        "strides",
        "box",
        "run",
        "measure",
        "moved",
        "isa",
        "fetch",
        "coarse_shape",
    }
    methods |= {"pack_into", "packed_bytes"}
    tabled = {name.split()[0].split(".")[0] for name in calls()}
    assert bound - tabled == {"keep_forever"}, "takes anything, and may be given anything"
    methods |= {"inner", "judge", "prepare", "blank", "answer", "spent"}
    for kind in KINDS:
        public = {name for name in vars(kind) if not name.startswith("_")}
        assert public <= methods


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_that_was_never_initialised_is_refused(kind: Any) -> None:
    empty = kind.__new__(kind)
    right = {
        "run": (b"", b""),
        "pack_into": (b"", b""),
        "measure": (b"",) * 4,
        "moved": (b"", b"", 1.0),
        "judge": (b"", (0, 0, 1, 1)),
    }
    if kind is _kernels.Request:
        right = {"prepare": (plan(), b""), "check": (plan(),), "blank": (), "answer": (0, True)}
        right |= {"spent": (0,)}

    def use(name: str) -> None:
        getattr(empty, name)(*right.get(name, (b"",)))

    for name in {name for name in vars(kind) if not name.startswith("_")}:
        with pytest.raises(TypeError, match="never initialised"):
            use(name)
    if kind is _kernels.Layout:
        with pytest.raises((TypeError, RuntimeError)):
            plan(layout=empty)


@pytest.mark.parametrize("side", [0, -1, 2049, 2**31, 2**32, 2**62, -(2**63)])
def test_a_gate_has_the_size_of_a_tensor(side: int) -> None:
    for field in ("width", "height"):
        with pytest.raises(SdkError, match=r"must be 1\.\.2048"):
            _kernels.Gate(**(GATE | {field: side}))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_threshold_of_the_gate_is_finite(bad: float) -> None:
    for field in set(GATE) - {"width", "height"}:
        with pytest.raises(SdkError, match="must be a finite number"):
            _kernels.Gate(**(GATE | {field: bad}))


def test_a_plan_needs_a_layout() -> None:
    with pytest.raises(TypeError):
        plan(layout=None)


@pytest.mark.parametrize("matrix", [-1, 4, 99, 2**31 - 1, -(2**31)])
def test_an_unknown_colour_matrix_is_refused(matrix: int) -> None:
    with pytest.raises(SdkError, match=r"must be 0\.\.3"):
        _kernels.Layout(**(LAYOUT | {"format": "NV12", "matrix": matrix}))


@pytest.mark.parametrize("name", ["x" * 10**6, "line\nend\x1b[31m\x00", "\u202eGRAY8", "é" * 3000])
def test_a_message_of_compiled_code_is_bounded_and_printable(name: str) -> None:
    with pytest.raises(SdkError, match="YV16, I444") as caught:
        _kernels.Layout(**(LAYOUT | {"format": name}))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) <= MAX_MESSAGE
    assert str(caught.value).startswith("format is '")


def test_the_name_of_a_foreign_type_does_not_make_a_message_longer() -> None:
    foreign = type("T" * 100_000, (), {})()
    with pytest.raises(SdkError, match=r"more characters left out.*buffer protocol") as caught:
        layout().check(foreign)
    assert len(str(caught.value)) <= MAX_MESSAGE


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_probabilities_need_a_positive_finite_scale(scale: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        _kernels.Request(**answering(scale=scale))


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"thresholds": [0.5]}, "a threshold for each"),
        ({"labels": (), "thresholds": []}, "there must be labels"),
        (
            {"outcomes": (("accept",), *[("a", ())] * 7)},
            "a decision and its reasons",
        ),
        ({"outcomes": (1, *[("a", ())] * 7)}, "a decision and its reasons"),
        ({"outcomes": (("accept", ()),)}, "8 outcomes"),
        ({"per_level": 0.0}, "per_level"),
        ({"timing": list}, "a kind of tuple"),
        ({"timing": (1, 2)}, "a kind of tuple"),
        ({"tensor": cells(31)}, "float32 of 32 values"),
        ({"logits": cells(4)}, "float32 of 3 values"),
        ({"novelty": cells(2)}, "float32 of 1 values"),
        ({"novelty": None}, "come together"),
        ({"novelty_above": None}, "come together"),
        *[({"novelty_above": bad}, "novelty_above") for bad in (0.0, -1.0, np.nan, np.inf)],
        ({"attention": np.broadcast_to(np.float32(0), (2, 2))}, "C-contiguous float32"),
    ],
)
def test_a_request_needs_arrays_and_words_that_fit(changed: dict[str, Any], match: str) -> None:
    with pytest.raises((SdkError, ValueError), match=match):
        _kernels.Request(**answering(**changed))


def test_a_request_takes_no_plan_of_another_tensor() -> None:
    request = _kernels.Request(**answering())
    for call in (lambda p: request.prepare(p, bytes(32)), request.check):
        with pytest.raises(ValueError, match="another size"):
            call(plan(width=4))


def test_arrays_of_a_request_cannot_be_moved_under_it() -> None:
    logits = array("f", [0, 0, 0])
    request = _kernels.Request(**answering(logits=logits))
    with pytest.raises(BufferError):
        logits.append(0)
    del request
    logits.append(0)


WHOLE = st.one_of(st.integers(-4, 40), st.integers(), st.sampled_from(HUGE))
REAL = st.one_of(st.floats(), st.integers(-3, 3), st.floats(-10, 10))


@settings(max_examples=300, deadline=None)
@given(
    width=WHOLE, height=WHOLE, strides=st.lists(WHOLE, max_size=4).map(tuple), unit=WHOLE,
    region=st.one_of(st.none(), st.tuples(*[WHOLE] * 4), st.tuples(*[REAL] * 6)),
    size=st.tuples(REAL, REAL), target=st.tuples(WHOLE, WHOLE),
    format=st.sampled_from(["GRAY8", "GRAY16", "BGRA32", "YUYV", "NV12", "I422", "P010", "", "?"]),
)  # fmt: skip
def test_wild_geometry_is_refused_or_fills_the_tensor(
    width, height, strides, unit, region, size, target, format
):  # type: ignore[no-untyped-def]
    yuv = format in ("YUYV", "NV12", "I422", "P010")
    named = LAYOUT | {"width": width, "height": height, "strides": strides, "unit": unit}
    named |= {"region": region, "pixel_size_mm": size, "format": format, "matrix": int(yuv)}
    try:
        made = _kernels.Layout(**named)
        resize = plan(layout=made, width=target[0], height=target[1])
        data = bytes(200_000)
        out = np.full(target[0] * target[1], np.nan, np.float32)
        resize.run(data, out)
    except (SdkError, TypeError):
        return
    assert np.isfinite(out).all()


@given(values=st.lists(st.floats(width=32), min_size=1, max_size=40))
def test_a_distribution_is_non_negative_and_sums_to_one(values: list[float]) -> None:
    array = np.array(values, np.float32)
    with np.errstate(all="ignore"):
        right = (array >= 0).all() and abs(array.sum(dtype=np.float64) - 1) <= 1e-3
    assert _kernels.is_distribution(array, 1e-3) == right
    weights = np.abs(np.nan_to_num(array, posinf=1, neginf=1)).astype(np.float64) + 1e-6
    normal = (weights / weights.sum()).astype(np.float32)
    assert _kernels.is_distribution(normal, 1e-3)
    for at in (0, len(normal) - 1):
        for bad in (np.nan, np.inf, -1e-6, normal[at] + 0.01):
            changed = normal.copy()
            changed[at] = bad
            assert not _kernels.is_distribution(changed, 1e-3)
