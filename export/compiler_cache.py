"""A folder for PyTorch's compiler that is removed at the end.

Its optimisers and its ONNX exporter import the compiler, which makes a folder for each user in the
temporary folder and leaves it there. TORCHINDUCTOR_CACHE_DIR, where it is set, keeps its meaning.
"""

import atexit
import os
import tempfile
from functools import lru_cache

_FOLDER = "TORCHINDUCTOR_CACHE_DIR"


@lru_cache(1)
def begin() -> None:
    """Set the variable, as PyTorch does itself later, for this process and its workers."""
    if _FOLDER not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="sonogaze-")
        # at exit and not after the import: PyTorch may write to it at any time
        atexit.register(folder.cleanup)
        os.environ[_FOLDER] = folder.name
