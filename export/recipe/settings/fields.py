"""The types of a recipe's fields, each with its range, and what every section refuses."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

PLAIN = "plain"
"""The teacher that sees frames alone; no `[gaze.NAME]` can be called so."""
EFFICIENTNET_LITE0, EFFICIENTNET_LITE2 = "efficientnet_lite0", "efficientnet_lite2"
DEPTHWISE, DENSE = "depthwise", "dense"

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*\Z", max_length=64)]
RecipeName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*\Z", max_length=64)]
Text = Annotated[str, Meta(min_length=1)]
Texts = Annotated[tuple[Text, ...], Meta(min_length=1)]
Seed = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Epochs = Annotated[int, Meta(ge=1, le=100_000)]
Channels = Annotated[int, Meta(ge=1, le=4096)]
Share = Annotated[float, Meta(ge=0, le=1)]
PositiveShare = Annotated[float, Meta(gt=0, le=1)]
Decay = Annotated[float, Meta(ge=0, lt=1)]
Rate = Annotated[float, Meta(gt=0, le=10)]
Scale = Annotated[float, Meta(gt=0, le=100)]
Patch = Annotated[int, Meta(ge=2, le=64)]
BranchCount = Annotated[int, Meta(ge=0, le=8)]
HalfWidth = Annotated[float, Meta(ge=0, le=10)]
Weight = Annotated[float, Meta(gt=0, le=1e6)]
Fill = Literal["inpaint", "blur", "speckle", "copy", "mirror"]
Partners = Annotated[int, Meta(ge=1, le=4096)]


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """A section of a recipe: frozen, with no field that nobody reads."""

    def __post_init__(self) -> None:
        """Refuse lists of names that hold one twice, which no type can say."""
        for field in self.__struct_fields__:
            value = getattr(self, field)
            if isinstance(value, tuple) and value and isinstance(value[0], str):
                twice = sorted({name for name in value if value.count(name) > 1})
                if twice:
                    raise ValueError(f"{field} has {twice[0]!r} twice; allowed: each once")
