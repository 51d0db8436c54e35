"""The Sphinx configuration: `make docs` builds the site.

The pages are plain Markdown, and read as well without the site (see `_site`).
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

from sse_core import __version__  # noqa: E402  # needs the paths above

project = "sse-core"
author = "the sse-core authors"
copyright = author  # noqa: A001  # Sphinx's name for this setting
release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.graphviz",
    "sphinx.ext.napoleon",
    "_site.sphinx_extension",
]
exclude_patterns = ["README.md", "examples", "_site"]

myst_heading_anchors = 3

# In docstrings, single backticks mark code, as in Markdown.
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
# These types have an entry of their own in the reference, so signatures only name them.
autodoc_type_aliases = {name: name for name in ("Answer", "Script", "Step", "Steps")}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = [("Iterating raises", "Raises"), ("Iterating a source raises", "Raises")]
# Types are in the signature only: docstrings describe the arguments and do not repeat their types.
autodoc_typehints = "signature"

# A cross-reference without a target is a warning, and warnings are errors.
nitpicky = True
nitpick_ignore_regex = [
    # Objects of other projects: the build has no network access to look them up.
    (
        r"py:.*",
        r"(aiohttp|anyio|collections|contextlib|enum|httpx2|json|os|pathlib|socket|ssl|types|typing)\..*",
    ),
    (r"py:.*", r"(\w*Error|Exception|Enum|IntEnum|(sse_transports\._driver\.)?Item|Protocol)"),
    # The private classes that `exchange` of a transport returns; callers see them as `Exchange`.
    (r"py:.*", r"sse_\w+\.(testing\.)?_\w+\.\w+Exchange"),
    # Type aliases such as `Mapping[str, str]`; the docstrings say which values are accepted.
    (r"py:.*", r"(AtEnd|Params|Headers|Ending|MakeServer|MakeTransport|MakeAsyncTransport)"),
]
