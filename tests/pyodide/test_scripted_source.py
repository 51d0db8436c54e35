"""An event source over a scripted transport: the blocking client without sockets and threads.

This runs like any other test, and in Pyodide, which has neither.
"""

from __future__ import annotations

import pytest

from sse_core import Event, HTTPStatusError
from sse_transports import EventSource
from sse_transports.testing import Cut, ScriptedTransport


def test_source_resumes_after_a_lost_connection() -> None:
    script = ScriptedTransport(
        [
            [b"retry: 10\n\n", Event("a", id="1"), b"data: ha", Cut()],
            [503],
            [Event("b", id="2"), Event("[DONE]")],
        ]
    )
    with EventSource("https://example.com/", transport=script, until="[DONE]") as source:
        assert [event.data for event in source] == ["a", "b"]
    assert [request.header("Last-Event-ID") for request in script.requests] == [None, "1", "1"]


def test_error_status_is_raised() -> None:
    script = ScriptedTransport([[404, b"no such feed"]])
    with EventSource("https://example.com/", transport=script) as source, pytest.raises(HTTPStatusError):
        next(source)
