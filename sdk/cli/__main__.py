"""`python -m sdk.cli` is `sonogaze`."""

from sdk.cli import main

main()
