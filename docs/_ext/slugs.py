"""The directive `slugs`: a table of error slugs and their meanings, made from the table in code.

    ```{slugs} sdk.errors:SLUGS
    ```

It also lets a type that a signature names by its module (`sdk.frame.Frame`) link to its public
name (`sdk.Frame`).
"""

from __future__ import annotations

from importlib import import_module

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

import sdk


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


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive, and the links to public names."""
    app.add_directive("slugs", Slugs)
    app.connect("missing-reference", public_name)
    return {"parallel_read_safe": True}
