"""How the documentation becomes a site: `make docs`.

The pages are Markdown, readable as they are; what can be computed from the code is (see `_site`).
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from _site.values import values  # noqa: E402  # it is in a folder of this one

from sse_core import __version__  # noqa: E402

project = "sse-core"
author = "the sse-core authors"
copyright = author  # noqa: A001  # Sphinx's name for it
release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.graphviz", "sphinx.ext.napoleon", "_site"]
exclude_patterns = ["README.md", "examples", "_site"]

myst_enable_extensions = ["attrs_inline", "colon_fence", "substitution"]
myst_heading_anchors = 3
myst_substitutions = values()

# Docstrings are written as people write Markdown: one backtick on each side is code.
default_role = "code"

html_theme = "furo"
html_title = f"sse-core {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
graphviz_output_format = "svg"

autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = [("Iterating raises", "Raises"), ("Iterating a source raises", "Raises")]
# `Event` says better than a signature would what is in `id`; types stand in the signature.
autodoc_typehints = "signature"

# A name that leads nowhere is a warning, and warnings are errors.
nitpicky = True
nitpick_ignore_regex = [
    # No page of another project can be asked while this is built.
    (
        r"py:.*",
        r"(aiohttp|anyio|collections|contextlib|enum|httpx2|json|os|pathlib|socket|ssl|types|typing)\..*",
    ),
    (r"py:.*", r"(\w*Error|Exception|Enum|IntEnum|Item|Protocol)"),
    # What a transport's `exchange` returns is an `Exchange` to everybody else.
    (r"py:.*", r"sse_\w+\.(testing\.)?_\w+\.\w+Exchange"),
    # Short names for `Mapping[str, str]` and the like; the text beside them says what may be given.
    (r"py:.*", r"(Headers|Ending|MakeServer|MakeTransport|MakeAsyncTransport)"),
]
