"""Write the computed parts into the pages: `.venv/bin/python -m docs._site.render`.

A part is between two comments, which readers do not see: `<!--=RetryPolicy.max_delay-->30<!--=-->`. The first
has its name, see `computed.py`.
"""

from __future__ import annotations

import re
from pathlib import Path

from .computed import DOCS, computed

PART = re.compile(r"(?P<begin><!--=(?P<name>[^>]+)-->)(?P<text>.*?)(?P<end><!--=-->)", re.DOTALL)

AT_LINE_START = re.compile(r"^ *<!--=(?:[^>]+-->(?!\n)|-->(?!\n|\Z))", re.MULTILINE)
"""A comment at the start of a line ends the paragraph, and makes HTML of the rest of the line."""


def render(page: str) -> str:
    """Return the text of a page with the current values of its parts.

    Raises:
        KeyError: a part has an unknown name.
        ValueError: a part within a paragraph begins or ends at the start of a line.
    """
    if found := AT_LINE_START.search(page):
        raise ValueError(f"this begins a line: {found[0]}; put a word before it")
    return PART.sub(lambda part: part["begin"] + computed(part["name"]) + part["end"], page)


def pages() -> list[Path]:
    """Return every page."""
    return [path for path in sorted(DOCS.rglob("*.md")) if "_site" not in path.parts]


if __name__ == "__main__":
    for path in pages():
        before = path.read_text(encoding="utf-8")
        after = render(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            print(f"rendered {path.relative_to(DOCS)}")
