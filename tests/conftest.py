"""Settings for every test: two workers on two cores must not each start two threads.

No property has a deadline: how long an example takes tells of the machine's load.
"""

import os

from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("without-deadline", deadline=None)
settings.load_profile("without-deadline")
