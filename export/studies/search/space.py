"""The space that a search draws students from: a TOML file, checked as a recipe is."""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, ValidationError, convert, structs

from export.errors import ExportError
from export.files import is_file
from export.models.student import build_student, folded_parameters
from export.recipe.read import RECIPES
from export.recipe.refusal import refusal
from export.recipe.settings import DENSE, Settings, StageConfig, StudentConfig
from export.recipe.settings.fields import BranchCount, Channels, Name, Patch, PositiveShare, Seed

SPACES = RECIPES / "spaces"
DRAWS = 20_000  # until there are enough that differ; a narrow space has no more
Side = Annotated[int, Meta(ge=16, le=4096)]
Count = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class Latency(Settings, frozen=True):
    """How candidates are timed: the input's size, and interleaved runs of each file."""

    width: Side
    height: Side
    runs: Annotated[int, Meta(ge=3, le=100_000)] = 300


class Draw(Settings, frozen=True):
    """What a `dense` candidate is drawn from, each value with the same chance.

    Attributes:
        patch, stem, head, branches: as in `StudentConfig`.
        stride: of the whole network; a patch's side, doubled by some of the blocks.
        blocks, parameters: at least and at most.
        channels: of blocks, which never become fewer on the way.
        kernel: sides of blocks' kernels.
    """

    patch: Annotated[tuple[Patch, ...], Meta(min_length=1)]
    stride: Annotated[int, Meta(ge=2, le=64)]
    stem: Annotated[tuple[Channels, ...], Meta(min_length=1)]
    blocks: tuple[Annotated[int, Meta(ge=1, le=32)], Annotated[int, Meta(ge=1, le=32)]]
    channels: Annotated[tuple[Channels, ...], Meta(min_length=1)]
    kernel: Annotated[tuple[int, ...], Meta(min_length=1)]
    head: Annotated[tuple[Channels, ...], Meta(min_length=1)]
    branches: Annotated[tuple[BranchCount, ...], Meta(min_length=1)]
    parameters: tuple[Count, Count]

    def __post_init__(self) -> None:
        """Refuse ranges whose ends are exchanged, and patches that can't reach the stride."""
        for field in ("blocks", "parameters"):
            least, most = getattr(self, field)
            if least > most:
                raise ValueError(f"{field} is [{least}, {most}]; allowed: at least, then at most")
        for patch in self.patch:
            if patch << halvings(patch, self.stride) != self.stride:
                raise ValueError(
                    f"patch {patch} doesn't reach stride {self.stride}; allowed: the stride over a "
                    "power of two"
                )
            if halvings(patch, self.stride) > self.blocks[0]:
                raise ValueError(
                    f"blocks may be {self.blocks[0]}; patch {patch} needs at least "
                    f"{halvings(patch, self.stride)} to reach stride {self.stride}"
                )


class Space(Settings, frozen=True, kw_only=True):
    """A search: what it draws, how candidates train, which of them are trained with more seeds.

    Attributes:
        recipe: by which candidates train; its own network is the reference.
        objective: of that recipe.
        seed: of what is drawn.
        candidates: how many are drawn beside those that are `known`.
        trained_below: a candidate is trained where it takes at most this share of the reference's
            latency, each in its faster precision.
        finals: for each of these shares the most accurate candidate within it gets more seeds.
        seeds: of the finals and of the reference, from the recipe's on.
        latency, draw: see there.
        known: candidates given by hand.
    """

    recipe: str
    objective: Name
    seed: Seed
    candidates: Annotated[int, Meta(ge=0, le=10_000)]
    trained_below: PositiveShare
    finals: Annotated[tuple[PositiveShare, ...], Meta(min_length=1)]
    seeds: Annotated[int, Meta(ge=1, le=100)]
    latency: Latency
    draw: Draw
    known: tuple[StudentConfig, ...] = ()


def load_space(name_or_path: str) -> Space:
    """Read a space by its name in `export/recipes/spaces` or by a path to a `.toml` file.

    Raises:
        ExportError: `recipe-missing`, `recipe-syntax` or `recipe-field`, as for recipes.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = SPACES / f"{name_or_path}.toml"
    if not is_file(path):
        known = sorted(p.stem for p in SPACES.glob("*.toml"))
        raise ExportError(
            "recipe-missing", f"no space {name_or_path!r}; give a .toml path or one of {known}"
        )
    try:
        table = tomllib.loads(path.read_bytes().decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ExportError("recipe-syntax", f"{path}: {error}") from error
    for candidate in table.get("known", ()) if isinstance(table.get("known"), list) else ():
        candidate.setdefault("architecture", DENSE)
    try:
        return convert(table, Space)
    except ValidationError:
        raise ExportError("recipe-field", f"{name_or_path}: {refusal(table, Space)}") from None


def candidates_of(space: Space, classes: int) -> dict[str, StudentConfig]:
    """Return the candidates by their names, the known ones first; the same for the same space.

    Raises:
        ExportError: `search-space` where the space holds fewer that differ.
    """
    chosen = {name_of(network): network for network in space.known}
    wanted = len(chosen) + space.candidates
    least, most = space.draw.parameters
    for attempt in range(DRAWS):
        if len(chosen) == wanted:
            return chosen
        network = draw(space.draw, np.random.default_rng([space.seed, attempt]))
        if least <= folded_parameters(build_student(classes, network)) <= most:
            chosen.setdefault(name_of(network), network)
    raise ExportError(
        "search-space",
        f"{DRAWS} draws gave {len(chosen)} candidates that differ and have {least} to {most} "
        f"parameters; {wanted} are asked for: widen [draw], or lower `candidates`",
    )


def draw(space: Draw, rng: np.random.Generator) -> StudentConfig:
    """Return one network of the space."""

    def one(values: tuple[int, ...]) -> int:
        return int(rng.choice(values))

    patch = one(space.patch)
    count = int(rng.integers(space.blocks[0], space.blocks[1] + 1))
    halving = set(rng.permutation(count)[: halvings(patch, space.stride)].tolist())
    widths = sorted(one(space.channels) for _ in range(count))
    stages = tuple(
        StageConfig(0, width, one(space.kernel), 2 if place in halving else 1)  # type: ignore[arg-type]
        for place, width in enumerate(widths)
    )
    return StudentConfig(
        one(space.stem), stages, one(space.head), DENSE, patch, one(space.branches)
    )


def halvings(patch: int, stride: int) -> int:
    """Return how many blocks of stride 2 lead from a patch's side to the stride."""
    return max(0, (stride // patch).bit_length() - 1)


def name_of(network: StudentConfig) -> str:
    """Return a name that differs where the network does."""
    text = json.dumps(network.to_dict(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def told(network: StudentConfig) -> dict[str, Any]:
    """Return a network as a recipe's `[student]` would write it."""
    plain = structs.asdict(network)
    return {**plain, "stages": [list(structs.astuple(stage)) for stage in network.stages]}
