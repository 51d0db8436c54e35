"""What only the site has: links from names to the reference, a menu, short signatures, a diagram."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes
from sphinx.domains.python import PyObject  # type: ignore[attr-defined]  # the import that Sphinx documents
from sphinx.transforms import SphinxTransform

from . import states

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PACKAGES = ("sse_transports.testing", "sse_transports", "sse_core")

SHORT = (
    # The docstring of the argument says what is in the set.
    (re.compile(r"frozenset\(\{[^}]+\}\)"), "..."),
    (re.compile(r"frozenset\(\{\}\)"), "frozenset()"),
    (re.compile(r"\b33554432\b"), "32 * 2**20"),
    # How Sphinx writes an alias (`autodoc_type_aliases`) in a union.
    (re.compile(r"TypeAliasForwardRef\('(\w+)'\)"), r"\1"),
)
"""Parts of signatures that are long or hard to read, and what replaces them."""

DIAGRAM = "<!-- on the site: the state diagram -->"

INDEX = "index"

ITEM = re.compile(r"^- \[.*\]\((.*)\.md\)", re.MULTILINE)
"""A page in a list of the index."""


def public_names() -> dict[str, str]:
    """Return the full name of each public object, by the names that pages use: `sse_core.parse`, `Parser`."""
    names = {}
    for package in PACKAGES:
        module = importlib.import_module(package)
        for name in {*module.__all__, *getattr(module, "_LAZY_NAMES", ())} - {"__version__"}:
            full_name = f"{package}.{name}"
            names[full_name] = full_name
            # `record`, in lower case, may be a subcommand, and `parse` an argument.
            if name[0].isupper():
                names[name] = full_name
    return names


class LinkNames(SphinxTransform):
    """Links the first mention of each public name on a page to the reference."""

    default_priority = 700

    def apply(self, **_: object) -> None:
        """Replace code that is a public name by a cross-reference."""
        if self.env.docname.startswith("reference/api/"):
            return
        names = public_names()
        for literal in list(self.document.findall(nodes.literal)):
            in_link = isinstance(literal.parent, nodes.reference | addnodes.pending_xref | nodes.title)
            target = None if in_link else names.pop(literal.astext(), None)
            if target is not None:
                link = addnodes.pending_xref(
                    "", refdomain="py", reftype="obj", reftarget=target, refexplicit=True, refwarn=True
                )
                literal.replace_self(link)
                link += literal


def shorten(
    app: Sphinx,
    kind: str,
    name: str,
    item: object,
    options: object,
    signature: str | None,
    result: str | None,
) -> tuple[str | None, str | None]:
    """Return the signature and the type of the result with their parts in `SHORT` replaced."""
    for pattern, short in SHORT:
        signature = signature and pattern.sub(short, signature)
        result = result and pattern.sub(short, result)
    return signature, result


def add_menu_and_diagram(app: Sphinx, page: str, source: list[str]) -> None:
    """Add to the index a menu of its lists, and to the page of the states its diagram."""
    text = source[0].replace(DIAGRAM, states.as_markdown())
    if page == INDEX:
        for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
            title = section.partition("\n")[0]
            entries = "\n".join(ITEM.findall(section))
            text += f"\n```{{toctree}}\n:caption: {title}\n:maxdepth: 1\n:hidden:\n\n{entries}\n```\n"
    source[0] = text


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the parts with Sphinx, which calls this function."""
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            # Docstrings have a section "Attributes"; Sphinx would call it "Variables".
            field.label = "Attributes"
    app.add_transform(LinkNames)
    app.connect("autodoc-process-signature", shorten)
    app.connect("source-read", add_menu_and_diagram)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
