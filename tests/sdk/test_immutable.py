"""What a caller gets or gives is a value: it cannot be changed afterwards."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil

import pytest

import sdk

# what is gathered while one file, clip or log is walked
GATHERED = {
    "sonogaze.audit.replaying.ReplayReport",
    "sonogaze.live.run.Watched",
    "sonogaze.report.collected.Collected",
    "sonogaze.report.timeline.Point",
    "sonogaze.report.timeline.Span",
    "sonogaze.sources.dicom.jpeg._Headers",
    "sonogaze.sources.images.jpeg._Image",
    "sonogaze.sources.images.png_walk.Walked",
}


def _all_dataclasses() -> set[type]:
    names = [found.name for found in pkgutil.walk_packages(sdk.__path__, "sdk.")]
    modules = [importlib.import_module(name) for name in names if "__main__" not in name]
    return {
        kind
        for module in modules
        for _, kind in inspect.getmembers(module, inspect.isclass)
        # the modules' own name is `sonogaze`, whichever name they were imported by
        if dataclasses.is_dataclass(kind) and kind.__module__.startswith("sonogaze.")
    }


def dataclasses_of_the_package() -> list[type]:
    held = {
        kind for kind in _all_dataclasses() if f"{kind.__module__}.{kind.__name__}" not in GATHERED
    }
    return sorted(held, key=lambda kind: (kind.__module__, kind.__qualname__))


def test_there_are_dataclasses_to_hold() -> None:
    names = {f"{kind.__module__}.{kind.__name__}" for kind in _all_dataclasses()}
    assert names >= GATHERED  # none is excused that isn't there
    assert len(dataclasses_of_the_package()) > 40


@pytest.mark.parametrize(
    "kind", dataclasses_of_the_package(), ids=lambda kind: f"{kind.__module__}.{kind.__name__}"
)
def test_a_dataclass_cannot_be_changed(kind: type) -> None:
    blank = object.__new__(kind)
    name = dataclasses.fields(kind)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(blank, name, None)
