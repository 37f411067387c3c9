"""`sonogaze` in a checkout: the code in the folder `sdk`, loaded under the name it has in a wheel.

In a wheel the code itself lies here, and this file isn't there.
"""

import importlib.util as _util
import pathlib as _pathlib
import sys as _sys

_folder = _pathlib.Path(__file__).resolve().parents[1] / "sdk"
__path__ = [str(_folder)]
__file__ = str(_folder / "__init__.py")
_code = _util.spec_from_file_location(__name__, __file__, submodule_search_locations=__path__)
assert _code is not None
assert _code.loader is not None
_code.loader.exec_module(_sys.modules[__name__])
