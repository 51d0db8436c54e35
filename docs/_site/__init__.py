"""What the site says and the code knows: computed when the site is built, so that it cannot drift.

Each module has one thing to say, and returns it as Markdown; here they get their names as directives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from docutils.nodes import Node
from sphinx.domains.python import PyObject  # type: ignore[attr-defined]  # where its guide has it
from sphinx.util.docutils import SphinxDirective

from . import comparison, conformance, defaults, errors, rules, states

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DIRECTIVES: dict[str, Callable[[], str]] = {
    "comparison-of-clients": comparison.features,
    "comparison-of-parsers": comparison.conformance,
    "conformance": conformance.as_markdown,
    "defaults": defaults.as_markdown,
    "error-tree": errors.as_markdown,
    "state-diagram": states.as_markdown,
    "state-table": states.table,
    "transport-rules": rules.as_markdown,
}


def directive(text: Callable[[], str]) -> type[SphinxDirective]:
    """Return a directive that stands for this text, as if it were written there."""

    class Computed(SphinxDirective):
        def run(self) -> list[Node]:
            return self.parse_text_to_nodes(text(), allow_section_headings=True)

    return Computed


def setup(app: Sphinx) -> dict[str, bool]:
    """Give Sphinx these directives."""
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            # What docstrings call them.
            field.label = "Attributes"
    for name, text in DIRECTIVES.items():
        app.add_directive(name, directive(text))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
