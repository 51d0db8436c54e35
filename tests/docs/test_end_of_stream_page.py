"""The table of `docs/reference/end-of-stream.md`: each row is played with a GET and with a POST."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from _site.render import PART

from sse_core import Event, HTTPStatusError, IncompleteStream, RetryPolicy, SSEError, parse
from sse_transports import EventSource
from sse_transports.testing import Cut, Refuse, ScriptedTransport, Stall, Steps
from tests.docs.blocks import ROOT
from tests.docs.final_refusal import FinalRefusal

PAGE = ROOT / "docs" / "reference" / "end-of-stream.md"

FIRST = Event("a", id="1")
LAST = Event("[DONE]")
RETRY_POST = RetryPolicy(allowed_methods={"GET", "POST"}, max_attempts=1)


@dataclass(frozen=True)
class Scenario:
    """How to produce the situation of a row.

    Attributes:
        steps: what the server does on the first connection.
        arguments: the arguments of the source.
        post: further arguments if the method is POST.
        transport: what plays the steps.
    """

    steps: Steps
    arguments: dict[str, Any] = field(default_factory=dict)
    post: dict[str, Any] = field(default_factory=dict)
    transport: type[ScriptedTransport] = ScriptedTransport


SCENARIOS = {
    "the server ended the stream": Scenario([FIRST]),
    "the connection was lost": Scenario([FIRST, Cut()]),
    "no connection could be made": Scenario([Refuse()]),
    "the certificate is not accepted, the server has no TLS, or the proxy settings cannot be used": Scenario(
        [200], transport=FinalRefusal
    ),
    "status 204": Scenario([204]),
    **{
        f"status {status}": Scenario([status, {"Retry-After": "7"}])
        for status in (*sorted(RetryPolicy().statuses), 401)
    },
    "Retry-After is longer than `max_retry_after`": Scenario([503, {"Retry-After": "100000"}]),
    "the content type is not `text/event-stream`": Scenario([{"Content-Type": "text/html"}, b"<html>"]),
    "no data for `idle_timeout` seconds": Scenario([FIRST, Stall()], {"idle_timeout": 5}),
    "the `until` event arrived": Scenario([FIRST, LAST, FIRST], {"until": LAST.data}),
    "the stream ended right after the `until` event, without its blank line": Scenario(
        [FIRST, b"data: [DONE]"], {"until": LAST.data}
    ),
    "the stream ended without the `until` event": Scenario([FIRST], {"until": LAST.data}),
    "the stream ended inside an event": Scenario([FIRST, b"data: b"]),
    "an event was larger than `max_event_size`": Scenario(
        [FIRST, b"data: " + 2000 * b"b"], {"max_event_size": 1000}
    ),
    "`max_attempts` or `max_elapsed` was reached without progress": Scenario(
        [503], {"retry": RetryPolicy(max_attempts=1)}, {"retry": RETRY_POST}
    ),
}

STATUSES = {
    "RetryPolicy.statuses": {f"status {status}" for status in RetryPolicy().statuses},
    "any other status": {"status 401"},
}
"""The rows that cover several scenarios."""


def rows() -> dict[str, tuple[str, str]]:
    """Return the cells for GET and POST of each row, by the first cell."""
    # The name of a rendered part, instead of its text.
    lines = PART.sub(r"\g<name>", PAGE.read_text(encoding="utf-8")).splitlines()
    table = [line.strip("|").split("|") for line in lines if line.startswith("| ")]
    cells = [[cell.strip() for cell in row] for row in table if len(row) == 3]
    return {what: (get, post) for what, get, post in cells[2:]}


def outcome(method: str, scenario: Scenario) -> str:
    """Play a scenario; return what happened, as the page describes it."""
    transport = scenario.transport([scenario.steps, [LAST], [204]])
    arguments = {**scenario.arguments, **(scenario.post if method == "POST" else {})}
    seen: list[Event] = []
    with EventSource("https://feed.test/", method=method, transport=transport, **arguments) as source:
        try:
            seen.extend(source)
        except SSEError as error:
            assert len(transport.requests) == 1
            assert seen == ([FIRST] if FIRST in scenario.steps else [])
            suffix = ", with `allowed_methods`" if "retry" in scenario.post and method == "POST" else ""
            return f"`{type(error).__name__}`{suffix}"
    if len(transport.requests) == 1:
        return "iteration ends"
    if transport.requests[1].header("Last-Event-ID"):
        return "reconnects"
    waited = transport.clock.monotonic() >= 7
    return "tries again, not before Retry-After" if waited else "tries again"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("row", rows())
def test_each_row_describes_the_outcome(row: str, method: str) -> None:
    expected = rows()[row][method == "POST"]
    assert {outcome(method, SCENARIOS[name]) for name in STATUSES.get(row, {row})} == {expected}


def test_a_source_that_has_ended_stays_ended() -> None:
    ended = EventSource("https://feed.test/", transport=ScriptedTransport([[FIRST], [204]]))
    assert list(ended) == [FIRST]
    assert list(ended) == []
    failed = EventSource("https://feed.test/", transport=ScriptedTransport([[401]]))
    for _ in range(2):
        with pytest.raises(HTTPStatusError):
            next(failed)


UNFINISHED = [b"data: a\n\ndata: b\n"]


def end_inside_an_event(at_end: str) -> str:
    """Read a stream whose last event has no blank line; return what becomes of it, as the page says."""
    arguments: dict[str, Any] = {"at_end": at_end}
    seen: list[Event] = []
    try:
        seen.extend(parse(UNFINISHED, **arguments))
    except IncompleteStream:
        return "`IncompleteStream`"
    return {1: "the event is dropped", 2: "the event is yielded"}[len(seen)]


@pytest.mark.parametrize("at_end", ["raise", "drop", "dispatch"])
def test_an_unfinished_last_event(at_end: str) -> None:
    assert f'| `"{at_end}"` | {end_inside_an_event(at_end)}' in PAGE.read_text(encoding="utf-8")


def test_an_unfinished_last_event_is_in_the_error() -> None:
    with pytest.raises(IncompleteStream, match="data: b"):
        list(parse(UNFINISHED))
