"""The pages read as well without the site: their computed parts are written into them, and up to date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from _site.render import pages, render

from tests.docs.blocks import PAGES, ROOT

SITE_SYNTAX = re.compile(r"\{\{|\{[a-z:]+\}`|^(?:```|:::)\{", re.MULTILINE)
"""What only the site understands: substitutions, roles and directives."""

API = ROOT / "docs" / "reference" / "api"

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


@every_page
def test_parts_are_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if "<!--=" in text and page in pages():
        assert text == render(text), "run `.venv/bin/python -m docs._site.render`"


@every_page
def test_page_needs_no_site(page: Path) -> None:
    # The pages of the API are made of docstrings.
    if page.parent != API:
        assert SITE_SYNTAX.search(page.read_text(encoding="utf-8")) is None


def test_index_names_each_page_once() -> None:
    index = ROOT / "docs" / "index.md"
    listed = re.findall(r"^- \[.*\]\((.*)\)$", index.read_text(encoding="utf-8"), re.MULTILINE)
    docs = index.parent
    assert sorted(listed) == sorted(
        path.relative_to(docs).as_posix() for path in pages() if path not in (index, docs / "README.md")
    )


def test_parts_are_replaced() -> None:
    assert render("at most <!--=RetryPolicy.max_delay-->7<!--=--> s") == (
        "at most <!--=RetryPolicy.max_delay-->30<!--=--> s"
    )
    table = render("<!--=transport rules-->\n\nold\n\n<!--=-->\n")
    assert table.startswith("<!--=transport rules-->\n\n1. ")
    assert table.endswith("\n\n<!--=-->\n")
    assert render(table) == table


def test_unknown_part_is_an_error() -> None:
    with pytest.raises(KeyError, match="no_such_part"):
        render("a <!--=no_such_part--><!--=-->")


@pytest.mark.parametrize(
    "page",
    ["a\n<!--=vectors-->1<!--=--> b", "a\n  <!--=vectors-->1<!--=-->", "a <!--=vectors-->1\n<!--=--> b"],
)
def test_part_at_the_start_of_a_line_is_an_error(page: str) -> None:
    with pytest.raises(ValueError, match="begins a line"):
        render(page)
