"""Each clause of the standard, with the conformance vectors that test it."""

from __future__ import annotations

from sse_transports.testing import Vector, vectors


def as_markdown() -> str:
    """Return a section for each clause: its sentences, and the vectors that test each sentence."""
    by_clause: dict[str, list[Vector]] = {}
    for vector in vectors():
        by_clause.setdefault(vector.clause, []).append(vector)
    lines: list[str] = []
    for clause, tested_by in by_clause.items():
        lines += [f"## {_title(clause)}", "", f"<{clause}>", ""]
        by_sentence: dict[str, list[str]] = {}
        for vector in tested_by:
            by_sentence.setdefault(vector.sentence, []).append(vector.name)
        for sentence, names in by_sentence.items():
            lines += [_escaped(sentence), "", *(f"- {_escaped(name)}" for name in names), ""]
    return "\n".join(lines)


def _title(clause: str) -> str:
    _, _, anchor = clause.partition("#")
    return anchor or clause


def _escaped(text: str) -> str:
    # Vectors quote the standard as plain text, so Markdown must not interpret these characters.
    return text.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
