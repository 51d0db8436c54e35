"""Links between pages have a target, also without the site: in the README, and in an editor."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.blocks import PAGES, ROOT
from tests.docs.markdown_pages import page_of


def broken(page: Path) -> list[str]:
    """Return the links of a page whose target is missing in this repository."""
    return [link for link in page_of(page).links if not _has_target(page, link)]


def _has_target(page: Path, link: str) -> bool:
    parts = urlsplit(link)
    if parts.scheme:
        return True
    file = page.parent / unquote(parts.path) if parts.path else page
    if not file.exists():
        return False
    return not parts.fragment or (file.suffix == ".md" and parts.fragment in page_of(file).anchors)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_has_a_target(page: Path) -> None:
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n\n## Two words\n\n`text`\n", encoding="utf-8")
    other = tmp_path / "other.md"
    good = ["page.md", "page.md#two-words", "#here", "https://example.com/nowhere"]
    bad = ["pages.md", "page.md#two-word", "#there", "images/none.png"]
    links = [f"[a link]({link})" for link in [*good, *bad[:-1]]]
    other.write_text("\n\n".join(["# Here", *links, f"![a picture]({bad[-1]})"]), encoding="utf-8")
    assert broken(other) == bad
