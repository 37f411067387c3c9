"""What a caller gets or gives is a value: it cannot be changed afterwards."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil

import pytest

import sdk

# what a reader gathers while it walks one file
GATHERED = {
    "sdk.sources.images.png_walk.Walked",
    "sdk.sources.images.jpeg._Image",
    "sdk.sources.dicom.jpeg._Found",
}


def dataclasses_of_the_package() -> list[type]:
    names = [found.name for found in pkgutil.walk_packages(sdk.__path__, "sdk.")]
    modules = [importlib.import_module(name) for name in names if "__main__" not in name]
    return sorted(
        {
            kind
            for module in modules
            for _, kind in inspect.getmembers(module, inspect.isclass)
            if dataclasses.is_dataclass(kind)
            and kind.__module__.startswith("sdk.")
            and f"{kind.__module__}.{kind.__name__}" not in GATHERED
        },
        key=lambda kind: (kind.__module__, kind.__qualname__),
    )


@pytest.mark.parametrize(
    "kind", dataclasses_of_the_package(), ids=lambda kind: f"{kind.__module__}.{kind.__name__}"
)
def test_a_dataclass_cannot_be_changed(kind: type) -> None:
    blank = object.__new__(kind)
    name = dataclasses.fields(kind)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(blank, name, None)
