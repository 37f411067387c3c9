"""`python -m sdk.cli` is `sonogaze`."""

from . import main

main()
