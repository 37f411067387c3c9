"""The package under a second name: `import sdk` gives the very modules of `sonogaze`.

A host may have an `sdk` of its own, which hides ours or is installed over it; nobody else has a
`sonogaze`. So the code is loaded under that name alone, and every module has one name wherever it
is pickled, whichever way it was imported.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any

_OWN = __name__.partition(".")[0]


def add(alias: str) -> None:
    """Let `alias` and its submodules be imported as this package; called while `alias` loads."""
    sys.modules[alias] = sys.modules[_OWN]
    # before the finder of files, which would load each module a second time
    sys.meta_path.insert(0, _Finder(alias))


class _Finder:
    def __init__(self, alias: str) -> None:
        self._alias = alias

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(f"{self._alias}."):
            return None
        if sys.modules.get(self._alias) is not sys.modules[_OWN]:
            return None  # the host has put its own in place of the alias
        real = importlib.util.find_spec(_OWN + fullname.removeprefix(self._alias))
        if real is None:
            return None
        # its class is no importlib.abc.Loader, whose module takes long to import
        spec = ModuleSpec(fullname, _Loader(real), origin=real.origin)  # type: ignore[arg-type]
        spec.submodule_search_locations = real.submodule_search_locations
        return spec


class _Loader:
    def __init__(self, real: ModuleSpec) -> None:
        self._real = real

    def create_module(self, spec: ModuleSpec) -> None:
        """Have the import system make an empty module, which `exec_module` replaces."""

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = importlib.import_module(self._real.name)

    def get_code(self, fullname: str) -> CodeType | None:
        """Return the code that `python -m` runs."""
        loader: Any = self._real.loader
        code: CodeType | None = loader.get_code(self._real.name)
        return code
