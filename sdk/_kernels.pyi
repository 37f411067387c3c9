from types import MappingProxyType
from typing import Any, TypedDict, TypeVar

T = TypeVar("T")

class FormatFacts(TypedDict):
    planes: int
    yuv: bool
    window: bool
    bytes_per_pixel: float  # all planes
    pixel_bytes: int  # from a pixel to the next one in the first plane
    sample_bytes: int

class KernelFacts(TypedDict):
    isa: str
    fetch: str
    vendor: str
    family: int
    model: int

class Layout:
    def __init__(
        self,
        *,
        format: str,
        width: int,
        height: int,
        strides: tuple[int, ...],
        separate_planes: bool,
        matrix: int,
        limited: bool,
        window: tuple[int, int],
        region: tuple[float, ...] | None,
        unit: int,
        pixel_size_mm: tuple[float, float],
    ) -> None: ...
    def check(self, data: Any) -> None: ...
    def packed(self, data: Any) -> bytes: ...
    def pack_into(self, data: Any, out: Any) -> None: ...
    @property
    def packed_bytes(self) -> int: ...
    @property
    def strides(self) -> tuple[int, ...]: ...
    @property
    def box(self) -> tuple[int, int, int, int]: ...

class Plan:
    def __init__(
        self,
        *,
        layout: Layout,
        width: int,
        height: int,
        letterbox: bool,
        mean: float,
        std: float,
        pad_level: int,
        isa: str,
        fetch: str = "",
    ) -> None: ...
    def run(self, data: Any, out: Any) -> None: ...
    def measure(
        self, data: Any, out: Any, coarse: Any, previous: Any
    ) -> tuple[int, float, int, int, int, float, float]: ...
    def moved(self, data: Any, before: Any, level: float) -> int: ...
    @property
    def coarse_shape(self) -> tuple[int, int]: ...
    @property
    def isa(self) -> str: ...
    @property
    def fetch(self) -> str: ...
    @property
    def inner(self) -> tuple[int, int, int, int]: ...

class Gate:
    def __init__(
        self,
        *,
        width: int,
        height: int,
        black: float,
        saturated: float,
        repeat: float,
        min_lit_share: float,
        max_saturated_share: float,
        max_repeated_share: float,
        min_variance: float,
        min_correlation: float,
        pattern_correlation: float,
    ) -> None: ...
    def judge(self, tensor: Any, inner: tuple[int, int, int, int]) -> int: ...

class Request:
    def __init__(
        self,
        *,
        gate: Gate,
        tensor: Any,
        logits: Any,
        attention: Any,
        novelty: Any,
        scale: float,
        slack: float,
        thresholds: list[float],
        novelty_above: float | None,
        labels: tuple[str, ...],
        outcomes: tuple[tuple[Any, tuple[str, ...]], ...],
        per_level: float,
        timing: type,
    ) -> None: ...
    def prepare(self, plan: Plan, data: Any) -> int: ...
    def check(self, plan: Plan) -> int: ...
    def blank(self) -> None: ...
    def answer(self, start_ns: int, whole: bool) -> Any: ...
    def spent(self, start_ns: int) -> Any: ...

def now_ns() -> int: ...
def filled(kind: type[T], names: Any, values: tuple[Any, ...]) -> T: ...
def formats() -> dict[str, FormatFacts]: ...
def keep_forever(thing: object) -> None: ...
def all_finite(array: Any) -> bool: ...
def is_distribution(array: Any, slack: float) -> bool: ...
def find_regions(
    cells: Any, shape: tuple[int, int, int]
) -> tuple[tuple[bool, tuple[float, ...], tuple[float, ...] | None, float], ...]: ...
def looks_like_screen(
    tensor: Any, size: tuple[int, int], inner: tuple[int, int, int, int], per_level: float
) -> bool: ...
def spread_attention(
    layout: Layout,
    cells: Any,
    shape: tuple[int, int],
    tensor: tuple[int, int],
    inner: tuple[int, int, int, int],
    out: Any,
) -> None: ...
def pooled(
    before: tuple[float, ...], now: tuple[float, ...], keep: float, floor: float
) -> tuple[float, ...]: ...
def by_label(
    labels: tuple[str, ...], shares: tuple[float, ...]
) -> MappingProxyType[str, float]: ...
def available_isas() -> list[str]: ...
def fetch_policies() -> list[str]: ...
def fetch_of(vendor: str, family: int) -> str: ...
def allowed_isas(leaf1_ecx: int, leaf7_ebx: int, leaf7_ecx: int, saved: int) -> list[str]: ...
def kernel_facts() -> KernelFacts: ...
def sum_region(layout: Layout, data: Any, chroma: bool) -> int: ...
def memcpy_region(layout: Layout, data: Any, chroma: bool) -> None: ...
def region_bytes(layout: Layout, chroma: bool) -> int: ...
