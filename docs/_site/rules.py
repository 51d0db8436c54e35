"""The rules for transports, from `check_transport`, which checks them."""

from __future__ import annotations

from sse_transports.testing._rules import RULES


def as_markdown() -> str:
    """Return the rules as a numbered list."""
    return "\n".join(f"{number}. {rule.name}" for number, rule in enumerate(RULES, 1))
