from sdk import *  # noqa: F403
from sdk import __version__ as __version__
