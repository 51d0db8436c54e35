"""The table of checks in `docs/cli.md` lists all rules."""

from __future__ import annotations

from pathlib import Path

from sse_transports.cli.checks._rules import RULES

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def table() -> str:
    """Return the table in the format of the page."""
    lines = ["| check | requirement | source |", "| --- | --- | --- |"]
    lines += [f"| {rule.group}: {rule.name} | {rule.requirement} | {rule.clause} |" for rule in RULES]
    return "\n".join(lines) + "\n"


def test_docs_list_each_check_with_its_clause() -> None:
    # After a change to a rule, copy the expected table from the failure into the page.
    assert table() in PAGE.read_text(encoding="utf-8")
