"""Mutated files of any kind, read through `sdk.sources`: what may come of them, and what not."""
