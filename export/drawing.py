"""matplotlib, without a screen and without a trace in the user's folders.

On import it makes a folder for settings and one for its table of fonts under the user's home.
Every picture of this package is drawn through `pyplot` or `figure`, which give it a temporary
folder instead; MPLCONFIGDIR, where it is set, keeps its meaning.
"""

import atexit
import os
import sys
import tempfile
from functools import lru_cache
from typing import Any

_FOLDER = "MPLCONFIGDIR"


def pyplot() -> Any:
    """Return ``matplotlib.pyplot``, drawing to files."""
    begin()
    from matplotlib import pyplot

    return pyplot


def figure(*args: Any, **kwargs: Any) -> Any:
    """Return a new ``matplotlib.figure.Figure``."""
    begin()
    from matplotlib.figure import Figure

    return Figure(*args, **kwargs)


@lru_cache(1)
def begin() -> None:
    """Import matplotlib; one that the caller imported before keeps its folders."""
    if "matplotlib" in sys.modules or _FOLDER in os.environ:
        _import()
        return
    folder = tempfile.TemporaryDirectory(prefix="sonogaze-")
    atexit.register(folder.cleanup)
    os.environ[_FOLDER] = folder.name
    try:
        _import()
    finally:
        del os.environ[_FOLDER]


def _import() -> None:
    import matplotlib

    matplotlib.use("Agg")
    # asked for once, then kept by matplotlib; the table of fonts is made with the first figure
    matplotlib.get_configdir()
    matplotlib.get_cachedir()
