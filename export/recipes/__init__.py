"""Recipes: everything a run needs to be repeated, as TOML files beside this module."""
