"""The public surface is small, listed, and cheap to import."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import sdk

HEAVY = ("torch", "PIL", "pydicom", "onnx", "cv2", "typer", "rich", "export", "benchmarks")


def test_all_is_exactly_the_sorted_visible_names() -> None:
    visible = sorted(
        name
        for name, value in vars(sdk).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    )
    assert list(sdk.__all__) == visible


def test_at_most_13_names() -> None:
    assert len(sdk.__all__) <= 13


def test_every_public_name_is_documented() -> None:
    for name in sdk.__all__:
        assert getattr(sdk, name).__doc__, name


def test_import_takes_numpy_and_onnxruntime_only() -> None:
    code = f"import sdk, sys; print([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_import_loads_no_model() -> None:
    code = "import sdk, sdk.classifier as c; print(c._default)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None"


def test_sources_need_no_import_of_their_own_and_are_loaded_when_first_used() -> None:
    code = """if True:
    import sys, sdk
    print("sonogaze.sources" in sys.modules, sdk.sources.open.__name__)
    try: sdk.source
    except AttributeError as error: print(error)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False open\nmodule 'sonogaze' has no attribute 'source'\n"
