"""The table of `docs/reference/ends.md`, played: what becomes of a GET and of a POST."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from sse_core import Event, HTTPStatusError, RetryPolicy, SSEError
from sse_transports import EventSource
from sse_transports.testing import Cut, Refuse, ScriptedTransport, Stall, Steps
from tests.docs.blocks import ROOT

PAGE = ROOT / "docs" / "reference" / "ends.md"

FIRST = Event("a", id="1")
LAST = Event("[DONE]")
REPLAY = RetryPolicy(allowed_methods={"GET", "POST"}, max_attempts=1)


@dataclass(frozen=True)
class Played:
    """What the server does on the first connection, the source's arguments, and those that a POST adds."""

    steps: Steps
    arguments: dict[str, Any] = field(default_factory=dict)
    post: dict[str, Any] = field(default_factory=dict)


PLAYED = {
    "the server ended the stream": Played([FIRST]),
    "the connection was lost": Played([FIRST, Cut()]),
    "no connection could be made": Played([Refuse()]),
    "204": Played([204]),
    **{
        f"status {status}": Played([status, {"Retry-After": "7"}])
        for status in (*sorted(RetryPolicy().statuses), 401)
    },
    "not `text/event-stream`": Played([{"Content-Type": "text/html"}, b"<html>"]),
    "nothing came for `idle_timeout`": Played([FIRST, Stall()], {"idle_timeout": 5}),
    "the `until` event came": Played([FIRST, LAST, FIRST], {"until": LAST.data}),
    "the stream ended without it": Played([FIRST], {"until": LAST.data}),
    "the stream ended inside an event": Played([FIRST, b"data: b"]),
    "an event outgrew `max_event_size`": Played([FIRST, b"data: " + 2000 * b"b"], {"max_event_size": 1000}),
    "attempts without an event passed `max_attempts` or `max_elapsed`": Played(
        [503], {"retry": RetryPolicy(max_attempts=1)}, {"retry": REPLAY}
    ),
}

STATUSES = {
    "{{ RetryPolicy.statuses }}": {f"status {status}" for status in RetryPolicy().statuses},
    "any other status": {"status 401"},
}
"""The rows that are played more than once, or under another name."""


def rows() -> dict[str, tuple[str, str]]:
    """Return what the page says of GET and of POST, by what happened."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    table = [line.strip("|").split("|") for line in lines if line.startswith("| ")]
    return {what.strip(): (get.strip(), post.strip()) for what, get, post in table[2:]}


def becomes(method: str, played: Played) -> str:
    """Return what became of it, in the words of the page."""
    transport = ScriptedTransport([played.steps, [LAST], [204]])
    arguments = {**played.arguments, **(played.post if method == "POST" else {})}
    seen: list[Event] = []
    with EventSource("https://feed.test/", method=method, transport=transport, **arguments) as source:
        try:
            seen.extend(source)
        except SSEError as error:
            assert len(transport.requests) == 1
            assert seen == ([FIRST] if FIRST in played.steps else [])
            suffix = ", with `allowed_methods`" if "retry" in played.post and method == "POST" else ""
            return f"`{type(error).__name__}`{suffix}"
    if len(transport.requests) == 1:
        return "iteration ends"
    if transport.requests[1].header("Last-Event-ID"):
        return "reconnects"
    waited = transport.clock.monotonic() >= 7
    return "tries again, not before Retry-After" if waited else "tries again"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("row", rows())
def test_what_the_page_says_becomes_of_it(row: str, method: str) -> None:
    said = rows()[row][method == "POST"]
    assert {becomes(method, PLAYED[name]) for name in STATUSES.get(row, {row})} == {said}


def test_a_source_that_has_ended_stays_ended() -> None:
    ended = EventSource("https://feed.test/", transport=ScriptedTransport([[FIRST], [204]]))
    assert list(ended) == [FIRST]
    assert list(ended) == []
    failed = EventSource("https://feed.test/", transport=ScriptedTransport([[401]]))
    for _ in range(2):
        with pytest.raises(HTTPStatusError):
            next(failed)
