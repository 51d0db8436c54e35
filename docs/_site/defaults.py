"""The defaults of each public call, as a table."""

from __future__ import annotations

from .values import OWNERS, defaults_of


def as_markdown() -> str:
    """Return a section with a table of defaults for each call."""
    lines: list[str] = []
    for owner, call in OWNERS.items():
        lines += [f"## {owner}", "", "| argument | default |", "| --- | --- |"]
        lines += [f"| `{name}` | {value} |" for name, value in defaults_of(call).items()]
        lines.append("")
    return "\n".join(lines)
