"""Defaults and limits for use in sentences, so that pages never repeat a number."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import sse_core
import sse_transports
from sse_core._connection import ERROR_BODY_LIMIT, ERROR_BODY_SECONDS
from sse_core._errors import MAX_REDIRECTS
from sse_core._handshake import SENSITIVE_HEADERS
from sse_transports.testing import vectors

OWNERS: dict[str, Callable[..., object]] = {
    "EventSource": sse_transports.EventSource,
    "RetryPolicy": sse_core.RetryPolicy,
    "Parser": sse_core.Parser,
    "Connection": sse_core.Connection,
}


def values() -> dict[str, str]:
    """Return the defaults and limits as text, by the names that pages use."""
    return {
        **{
            f"{owner}.{name}": default
            for owner, call in OWNERS.items()
            for name, default in defaults_of(call).items()
        },
        "max_redirects": shown(MAX_REDIRECTS),
        "sensitive_headers": ", ".join(name.title() for name in sorted(SENSITIVE_HEADERS)),
        "error_body_bytes": shown(ERROR_BODY_LIMIT),
        "vectors": shown(len(vectors())),
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
        case frozenset() if value and all(isinstance(item, int) for item in value):
            return _ranges(sorted(value))
        case frozenset():
            return ", ".join(str(item) for item in sorted(value))
        case str():
            return f'"{value}"'
        case sse_core.RetryPolicy():
            return "RetryPolicy()"
        case _:
            return repr(value)


def _ranges(numbers: list[int]) -> str:
    """Return sorted numbers as text, with three or more in a row as a range: `408, 500, 502 to 504`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(str(number) for number in run) for run in runs
    )
