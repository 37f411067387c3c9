"""For the API reference: the directive `slugs`, and types in signatures as a reader knows them.

    ```{slugs} sdk.errors:SLUGS
    ```

makes a table of error slugs and their meanings from the table in code.
"""

from __future__ import annotations

import re
from importlib import import_module

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

import sdk

# numpy.typing.NDArray[numpy.uint8], as a signature spells it out
_ARRAY = re.compile(r"~?(?:numpy\.)?ndarray\[.*?dtype\[~?(?:numpy\.)?(\w+)\]\]")


class Slugs(SphinxDirective):
    """List every slug with its meaning."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return one table."""
        module, name = self.arguments[0].split(":")
        table = getattr(import_module(module), name)
        rows = [f"| `{slug}` | {meaning} |" for slug, meaning in table.items()]
        return self.parse_text_to_nodes("\n".join(["| slug | meaning |", "|---|---|", *rows]))


def public_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, child: nodes.Node
) -> nodes.Node | None:
    """Resolve `sdk.frame.Frame` as `sdk.Frame`."""
    module, _, name = node.get("reftarget", "").rpartition(".")
    if node.get("refdomain") != "py" or not module.startswith("sdk.") or name not in sdk.__all__:
        return None
    domain = env.domains.python_domain
    return domain.resolve_xref(
        env, node["refdoc"], app.builder, node["reftype"], f"sdk.{name}", node, child
    )


def short_types(
    app: Sphinx, what: str, name: str, thing: object, options: object, text: str, returned: str
) -> tuple[str | None, str | None]:
    """Write `ndarray[uint8]` for what NumPy's aliases expand to."""
    short = (None if t is None else _ARRAY.sub(r"ndarray[\1]", t) for t in (text, returned))
    return next(short), next(short)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive, the links to public names and the short types."""
    app.connect("autodoc-process-signature", short_types)
    app.add_directive("slugs", Slugs)
    app.connect("missing-reference", public_name)
    return {"parallel_read_safe": True}
