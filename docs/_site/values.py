"""Defaults and limits for use in sentences: `{{ RetryPolicy.max_delay }}`. Pages never repeat a number."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import sse_core
import sse_transports
from sse_core._connection import ERROR_BODY_LIMIT, ERROR_BODY_SECONDS
from sse_core._errors import MAX_REDIRECTS
from sse_transports.testing import vectors

OWNERS: dict[str, Callable[..., object]] = {
    "EventSource": sse_transports.EventSource,
    "RetryPolicy": sse_core.RetryPolicy,
    "Parser": sse_core.Parser,
    "Connection": sse_core.Connection,
}


def values() -> dict[str, object]:
    """Return the defaults and limits as text, by the names that pages use."""
    return {
        **{owner: defaults_of(call) for owner, call in OWNERS.items()},
        "max_redirects": MAX_REDIRECTS,
        "error_body_bytes": shown(ERROR_BODY_LIMIT),
        "vectors": len(vectors()),
        "error_body_seconds": shown(ERROR_BODY_SECONDS),
    }


def defaults_of(call: Callable[..., object]) -> dict[str, str]:
    """Return the defaults of a call's arguments, by name."""
    return {
        name: shown(argument.default)
        for name, argument in inspect.signature(call).parameters.items()
        if argument.default is not inspect.Parameter.empty
    }


def shown(value: object) -> str:
    """Return a value as text for a reader: 30 instead of 30.0, and 32 MiB."""
    match value:
        case bool() | None:
            return str(value)
        case int() if value and value % 2**20 == 0:
            return f"{value // 2**20} MiB"
        case int() if value and value % 2**10 == 0:
            return f"{value // 2**10} KiB"
        case float() | int():
            return f"{value:g}"
        case frozenset():
            return ", ".join(str(item) for item in sorted(value))
        case str():
            return f'"{value}"'
        case sse_core.RetryPolicy():
            return "RetryPolicy()"
        case _:
            return repr(value)
