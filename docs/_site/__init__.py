"""Parts of the site that are computed from the code when it is built, so that they are never out of date.

Each module returns Markdown for one table, list or diagram. This module makes a Sphinx directive of each,
which pages include as a block: ```{defaults}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from docutils.nodes import Node
from sphinx.domains.python import PyObject  # type: ignore[attr-defined]  # the import that Sphinx documents
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


def directive(markdown: Callable[[], str]) -> type[SphinxDirective]:
    """Return a directive that is replaced by this Markdown."""

    class Computed(SphinxDirective):
        def run(self) -> list[Node]:
            return self.parse_text_to_nodes(markdown(), allow_section_headings=True)

    return Computed


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives with Sphinx, which calls this function."""
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            # Docstrings have a section "Attributes"; Sphinx would call it "Variables".
            field.label = "Attributes"
    for name, markdown in DIRECTIVES.items():
        app.add_directive(name, directive(markdown))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
