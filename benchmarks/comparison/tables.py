"""The two tables of the comparison, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.comparison.groups import GROUPS
from benchmarks.comparison.scoring import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

QUESTIONS = {
    "reconnects": "resumes with Last-Event-ID",
    "retry": "obeys `retry`",
    "type": "refuses other content types",
    "post": "sends a POST once",
    "incomplete event": "stream ends inside an event",
    "limit": "default event size limit",
    "immediate": "returns an event immediately",
    "CR": "immediately with CR",
}
"""The title of the column of each question."""


def conformance(found: dict[str, Any]) -> list[str]:
    """Return the table of vectors: how many are right, of those that can be scored."""
    heads = ["", "all", *GROUPS.values(), "not shown"]
    return _table(heads, (_conformance_row(parser) for parser in found["parsers"]))


def _conformance_row(parser: dict[str, Any]) -> list[str]:
    groups = [parser["conformance"][group] for group in GROUPS]
    not_shown = sum(group[Outcome.NOT_SHOWN.value] for group in groups)
    return [_name(parser), _right_of(groups), *(_right_of([group]) for group in groups), str(not_shown or "")]


def _right_of(groups: list[dict[str, Any]]) -> str:
    right, wrong = (
        sum(group[outcome.value] for group in groups) for outcome in (Outcome.RIGHT, Outcome.WRONG)
    )
    return f"{right}/{right + wrong}" if right + wrong else "—"


def features(found: dict[str, Any]) -> list[str]:
    """Return the table of the clients' features."""
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
