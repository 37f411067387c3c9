"""The student's architecture as data."""

from typing import Annotated, Any, Literal

from msgspec import Meta, convert, structs

from export.recipe.settings.fields import (
    DENSE,
    DEPTHWISE,
    BranchCount,
    Channels,
    Name,
    Patch,
    Settings,
)


class StageConfig(Settings, frozen=True, array_like=True):
    """One block of a student; a recipe writes it as `[expansion, channels, kernel, stride]`.

    Depthwise-separable for `expansion` 0, an inverted residual from 1.
    """

    expansion: Annotated[int, Meta(ge=0, le=64)]
    channels: Channels
    kernel: Literal[1, 3, 5, 7, 9, 11]
    stride: Annotated[int, Meta(ge=1, le=4)]


class StudentConfig(Settings, frozen=True):
    """The architecture as data: stem channels, then blocks, then the pooled head's channels.

    Attributes:
        stem, stages, head: as said.
        architecture: a name in `export.models.student.STUDENTS`, which reads the rest as it needs.
        patch: side of the patches that a `dense` stem reads, pixels.
        branches: of a `dense` block in training with its whole kernel, beside a 1x1 one and its
            input; they fold into one kernel at export. 0: that kernel alone.
    """

    stem: Channels
    stages: Annotated[tuple[StageConfig, ...], Meta(min_length=1, max_length=64)]
    head: Annotated[int, Meta(ge=1, le=65_536)]
    architecture: Name = DEPTHWISE
    patch: Patch = 4
    branches: BranchCount = 0

    def __post_init__(self) -> None:
        """Refuse what the built-in architectures would not read."""
        super().__post_init__()
        if self.architecture == DENSE:
            expanded = [n for n, stage in enumerate(self.stages) if stage.expansion]
            if expanded:
                raise ValueError(
                    f"stages[{expanded[0]}].expansion is {self.stages[expanded[0]].expansion}; "
                    f"allowed: 0 in a {DENSE!r} student"
                )
        if self.architecture == DEPTHWISE:
            for field, unread in (("patch", 4), ("branches", 0)):
                if getattr(self, field) != unread:
                    raise ValueError(
                        f"{field} is {getattr(self, field)}, which a {DEPTHWISE!r} student doesn't "
                        f"read; leave it out, or choose architecture = {DENSE!r}"
                    )

    @classmethod
    def from_rows(cls, stem: int, stages: list[list[int]], head: int) -> "StudentConfig":
        """Build from rows `[expansion, channels, kernel, stride]`.

        Raises:
            msgspec.ValidationError: a number is out of its range.
        """
        return convert({"stem": stem, "stages": stages, "head": head}, cls)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a model file's provenance tells it: stages by the names of their fields."""
        stages = [structs.asdict(stage) for stage in self.stages]
        return {**structs.asdict(self), "stages": stages}
