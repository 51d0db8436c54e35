"""The table of checks in `docs/cli.md` is the table of rules."""

from __future__ import annotations

from pathlib import Path

from sse_transports.cli.checks._rules import RULES

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def table() -> str:
    """Return the table as the page has it."""
    lines = ["| check | what is right | says who |", "| --- | --- | --- |"]
    lines += [f"| {rule.group}: {rule.name} | {rule.asks} | {rule.clause} |" for rule in RULES]
    return "\n".join(lines) + "\n"


def test_the_page_has_the_table_of_checks() -> None:
    # After a change of a rule, copy this table into the page.
    assert table() in PAGE.read_text(encoding="utf-8")
