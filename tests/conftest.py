"""Settings for every test: two workers on two cores must not each start two threads."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
