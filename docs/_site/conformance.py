"""Each clause of the standard that a vector shows, with the vectors that do."""

from __future__ import annotations

from sse_transports.testing import Vector, vectors


def as_markdown() -> str:
    """Return a section for each clause: what it says, and the behaviours that are tested."""
    by_clause: dict[str, list[Vector]] = {}
    for vector in vectors():
        by_clause.setdefault(vector.clause, []).append(vector)
    lines: list[str] = []
    for clause, shown in by_clause.items():
        lines += [f"## {_title(clause)}", "", f"<{clause}>", ""]
        by_sentence: dict[str, list[str]] = {}
        for vector in shown:
            by_sentence.setdefault(vector.sentence, []).append(vector.name)
        for sentence, names in by_sentence.items():
            lines += [_escaped(sentence), "", *(f"- {_escaped(name)}" for name in names), ""]
    return "\n".join(lines)


def _title(clause: str) -> str:
    _, _, anchor = clause.partition("#")
    return anchor or clause


def _escaped(text: str) -> str:
    # What is code in the standard's text is not marked as such in a vector.
    return text.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
