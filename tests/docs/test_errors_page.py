"""The table of `docs/reference/errors.md`, played: what happens after each error to a GET and to a POST."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

import sse_core
from sse_core import Event, RetryPolicy, SSEError
from sse_transports import EventSource
from sse_transports.testing import Cut, Refuse, ScriptedTransport, SSEServer, Stall, Steps
from tests.docs.blocks import ROOT

PAGE = ROOT / "docs" / "reference" / "errors.md"

FIRST = Event("a", id="1")


@dataclass(frozen=True)
class Played:
    """How the error of a row comes about.

    Attributes:
        steps: what the server does on the first connection. On the second it says that there is no more.
        arguments: those of the source.
        again: those that a row names in code, where the error is not raised without.
        on_a_socket: whether it takes a real connection: a scripted transport is behind what undoes codings.
    """

    steps: Steps
    arguments: dict[str, Any] = field(default_factory=dict)
    again: dict[str, Any] = field(default_factory=dict)
    on_a_socket: bool = False


REPLAY = RetryPolicy(allowed_methods={"GET", "POST"}, max_attempts=1)

PLAYED = {
    "`HTTPStatusError`, a status in `RetryPolicy.statuses`": Played([503]),
    "`HTTPStatusError`, any other status": Played([401]),
    "`RedirectError`": Played([302]),
    "`ContentTypeError`": Played([{"Content-Type": "text/html"}, b"<html>"]),
    "`ContentEncodingError`": Played([{"Content-Encoding": "unheard-of"}, FIRST], on_a_socket=True),
    "`ConnectError`": Played([Refuse()]),
    "`ReadError`": Played([FIRST, Cut()]),
    "`IdleTimeout`": Played([FIRST, Stall()], {"idle_timeout": 5}),
    "`IncompleteStream`": Played([FIRST, b"data: b"], again={"retry": None}),
    "`EventTooLarge`": Played([FIRST, b"data: " + 2000 * b"b"], {"max_event_size": 1000}),
    "`RetriesExhausted`": Played([503], {"retry": RetryPolicy(max_attempts=1)}, {"retry": REPLAY}),
}


def rows() -> dict[str, tuple[str, str]]:
    """Return what the page says of GET and of POST, by the first cell of each row."""
    cells = [line.strip("| \n").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines()]
    return {row[0]: (row[2], row[3]) for row in cells if row[0].startswith("`") and len(row) >= 4}


def outcome(method: str, played: Played, **more: Any) -> tuple[list[SSEError], SSEError | None, int, str]:
    """Play it: what was told to `on_error`, what was raised, how many requests there were, the last ID."""
    told: list[SSEError] = []
    script = [played.steps, [204]]
    arguments: dict[str, Any] = {"on_error": told.append, **played.arguments, **more}
    if played.on_a_socket:
        with SSEServer(script) as server:
            source = EventSource(server.url, method=method, **arguments)
            return told, read(source), len(server.calls), source.last_event_id
    transport = ScriptedTransport(script)
    source = EventSource("https://feed.test/", method=method, transport=transport, **arguments)
    return told, read(source), len(transport.requests), source.last_event_id


def read(source: EventSource[Event]) -> SSEError | None:
    """Read it to its end; return what was raised."""
    with source:
        try:
            list(source)
        except SSEError as error:
            return error
    return None


def happened(kind: type[SSEError], method: str, played: Played) -> str:
    """Return what happened, in the words of the page."""
    told, raised, requests, last_event_id = outcome(method, played)
    if raised is None and requests == 2 and any(type(error) is kind for error in told):
        return "tried again, behind the last event" if last_event_id else "tried again"
    if played.again and not isinstance(raised, kind):
        _, again, _, _ = outcome(method, played, **played.again)
        assert isinstance(again, kind)
        return "raised, but only with an argument"
    assert raised is not None
    assert requests == 1
    if type(raised) is kind:
        return "raised"
    assert type(raised.__cause__) is kind
    return f"raised as the cause of `{type(raised).__name__}`"


def said(cell: str) -> str:
    """Return what a cell says, without what is played elsewhere."""
    if cell.startswith("only with `") or ", with `" in cell:
        return "raised, but only with an argument"
    return re.sub(r", (?:not before Retry-After|behind the events before it)$", "", cell)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("row", PLAYED)
def test_what_the_page_says_happens(row: str, method: str) -> None:
    kind = getattr(sse_core, row.split("`")[1])
    assert happened(kind, method, PLAYED[row]) == said(rows()[row][method == "POST"])


def test_every_row_is_played_or_is_about_the_call() -> None:
    assert {row for row, (get, _) in rows().items() if get != "raised at the call"} == set(PLAYED)
