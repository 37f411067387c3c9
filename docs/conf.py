"""Sphinx settings of the site: `make docs` writes it to out/docs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import sdk

project = "sonogaze"
author = "the sonogaze authors"
copyright = author
version = release = sdk.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "commands", "reference"]
exclude_patterns = ["_ext"]

myst_heading_anchors = 4  # links like page.md#a-heading, as on a forge
myst_enable_extensions = ["colon_fence"]

smartquotes_action = "D"  # dashes; curly quotes would spoil what is to be typed
default_role = "literal"  # docstrings write `name` for code
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = f"sonogaze {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
pygments_style = "tango"
pygments_dark_style = "native"
