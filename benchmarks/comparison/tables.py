"""The two tables of the comparison, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.comparison.groups import GROUPS
from benchmarks.comparison.judgement import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

QUESTIONS = {
    "reconnects": "resumes with Last-Event-ID",
    "retry": "waits as `retry` says",
    "type": "refuses another content type",
    "post": "sends a POST once",
    "unfinished": "an end inside an event brings",
    "limit": "limits an event, unasked",
    "at once": "gives an event at once",
    "CR": "also with CR",
}
"""The questions as the table's columns say them."""


def conformance(found: dict[str, Any]) -> list[str]:
    """Return the table of vectors: how many are right, of those that can be judged."""
    heads = ["", "all", *GROUPS.values(), "not shown"]
    return _table(heads, (_conformance_row(parser) for parser in found["parsers"]))


def _conformance_row(parser: dict[str, Any]) -> list[str]:
    groups = [parser["conformance"][group] for group in GROUPS]
    hidden = sum(group[Outcome.NOT_SHOWN.value] for group in groups)
    return [_name(parser), _right_of(groups), *(_right_of([group]) for group in groups), str(hidden or "")]


def _right_of(groups: list[dict[str, Any]]) -> str:
    right, wrong = (
        sum(group[outcome.value] for group in groups) for outcome in (Outcome.RIGHT, Outcome.WRONG)
    )
    return f"{right}/{right + wrong}" if right + wrong else "—"


def features(found: dict[str, Any]) -> list[str]:
    """Return the table of what clients do."""
    rows = (
        [_name(parser), *(parser["features"][question] for question in QUESTIONS)]
        for parser in found["parsers"]
    )
    return _table(["", *QUESTIONS.values()], rows)


def _name(parser: dict[str, Any]) -> str:
    return f"{parser['name']} {parser['version']}".strip()


def _table(heads: list[str], rows: Iterable[list[str]]) -> list[str]:
    marks = ["---"] * len(heads)
    return [f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in (heads, marks, *rows)]
