"""The pages as a Markdown parser sees them: code that a regular expression could miss, headings, links."""

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
    """What stands in a page.

    Attributes:
        fences: the line of each fenced block's first line, and what stands behind its fence.
        indented: the lines of code that is indented by four spaces, and has no language.
        html: HTML that is no comment.
        anchors: what a link to a heading of the page is called.
        links: where links and images lead.
    """

    fences: list[tuple[int, str]]
    indented: list[str]
    html: list[str]
    anchors: set[str]
    links: list[str]


def page_of(path: Path) -> Page:
    """Return what stands in a page."""
    return page_from(path.read_text(encoding="utf-8"))


def page_from(text: str) -> Page:
    """Return what stands in a text."""
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
    """Return what sites that show Markdown call a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _all(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or ())
