"""The pages as a Markdown parser reads them, with all code blocks, also those that `blocks.py` misses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from markdown_it.token import Token

PARSER = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True)
class Page:
    """The parts of a page that tests check.

    Attributes:
        fences: for each fenced block, the number of its first line, and its language.
        indented: the lines of code blocks that are indented by four spaces.
        html: HTML other than comments.
        anchors: the names that links to headings of the page use.
        links: the targets of links and images.
    """

    fences: list[tuple[int, str]]
    indented: list[str]
    html: list[str]
    anchors: set[str]
    links: list[str]


def page_of(path: Path) -> Page:
    """Parse a page."""
    return page_from(path.read_text(encoding="utf-8"))


def page_from(text: str) -> Page:
    """Parse the text of a page."""
    page = Page([], [], [], set(), [])
    tokens = list(_all(PARSER.parse(text)))
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        match token.type:
            case "fence":
                line = token.map[0] if token.map else 0
                page.fences.append((line + 2, token.info.strip()))
            case "code_block":
                page.indented.extend(token.content.splitlines())
            case "html_block" | "html_inline" if not token.content.lstrip().startswith("<!--"):
                page.html.append(token.content)
            case "heading_open" if following is not None:
                page.anchors.add(anchor_of(following.content))
            case "link_open":
                page.links.append(str(token.attrs["href"]))
            case "image":
                page.links.append(str(token.attrs["src"]))
    return page


def anchor_of(heading: str) -> str:
    """Return the anchor that GitHub and Sphinx make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _all(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or ())
