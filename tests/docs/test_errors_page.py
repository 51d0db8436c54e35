"""The table of `docs/reference/errors.md`: each error is produced with a GET and with a POST."""

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
from tests.docs.final_refusal import FinalRefusal

PAGE = ROOT / "docs" / "reference" / "errors.md"

FIRST = Event("a", id="1")


@dataclass(frozen=True)
class Scenario:
    """How to produce the error of a row.

    Attributes:
        steps: what the server does on the first connection. It answers the second one with 204.
        arguments: the arguments of the source.
        extra_arguments: arguments that the row names, without which the error is not raised.
        on_a_socket: whether it needs a real connection, because a scripted transport does not decode.
        transport: what plays the steps otherwise.
    """

    steps: Steps
    arguments: dict[str, Any] = field(default_factory=dict)
    extra_arguments: dict[str, Any] = field(default_factory=dict)
    on_a_socket: bool = False
    transport: type[ScriptedTransport] = ScriptedTransport


RETRY_POST = RetryPolicy(allowed_methods={"GET", "POST"}, max_attempts=1)

SCENARIOS = {
    "`HTTPStatusError`, a status in `RetryPolicy.statuses`": Scenario([503]),
    "`HTTPStatusError`, Retry-After beyond `max_retry_after`": Scenario([503, {"Retry-After": "100000"}]),
    "`HTTPStatusError`, any other status": Scenario([401]),
    "`RedirectError`": Scenario([302]),
    "`ContentTypeError`": Scenario([{"Content-Type": "text/html"}, b"<html>"]),
    "`ContentEncodingError`": Scenario([{"Content-Encoding": "unheard-of"}, FIRST], on_a_socket=True),
    "`ConnectError`": Scenario([Refuse()]),
    "`ConnectError`, with `final`": Scenario([200], transport=FinalRefusal),
    "`ReadError`": Scenario([FIRST, Cut()]),
    "`IdleTimeout`": Scenario([FIRST, Stall()], {"idle_timeout": 5}),
    "`TotalTimeout`": Scenario([FIRST, Stall()], {"total_timeout": 5}),
    "`IncompleteStream`": Scenario([FIRST, b"data: b"], extra_arguments={"retry": None}),
    "`EventTooLarge`": Scenario([FIRST, b"data: " + 2000 * b"b"], {"max_event_size": 1000}),
    "`RetriesExhausted`": Scenario([503], {"retry": RetryPolicy(max_attempts=1)}, {"retry": RETRY_POST}),
}


def rows() -> dict[str, tuple[str, str]]:
    """Return the cells for GET and POST of each row, by the first cell."""
    cells = [line.strip("| \n").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines()]
    return {row[0]: (row[2], row[3]) for row in cells if row[0].startswith("`") and len(row) >= 4}


@dataclass(frozen=True)
class Outcome:
    """What a source did: the errors that `on_error` got, the error that it raised, and its requests."""

    reported: list[SSEError]
    raised: SSEError | None
    requests: int
    last_event_id: str


def play(method: str, scenario: Scenario, **more: Any) -> Outcome:
    """Play a scenario to its end."""
    reported: list[SSEError] = []
    script = [scenario.steps, [204]]
    arguments: dict[str, Any] = {"on_error": reported.append, **scenario.arguments, **more}
    if scenario.on_a_socket:
        with SSEServer(script) as server:
            source = EventSource(server.url, method=method, **arguments)
            return Outcome(reported, read(source), len(server.calls), source.last_event_id)
    transport = scenario.transport(script)
    source = EventSource("https://feed.test/", method=method, transport=transport, **arguments)
    return Outcome(reported, read(source), len(transport.requests), source.last_event_id)


def read(source: EventSource[Event]) -> SSEError | None:
    """Read a source to its end; return the error that it raised."""
    with source:
        try:
            list(source)
        except SSEError as error:
            return error
    return None


def observed(kind: type[SSEError], method: str, scenario: Scenario) -> str:
    """Play a scenario; return what happened, as the page describes it."""
    outcome = play(method, scenario)
    raised = outcome.raised
    if raised is None and outcome.requests == 2 and any(type(error) is kind for error in outcome.reported):
        return "resumed after the last event" if outcome.last_event_id else "tried again"
    if scenario.extra_arguments and not isinstance(raised, kind):
        assert isinstance(play(method, scenario, **scenario.extra_arguments).raised, kind)
        return "raised, but only with an argument"
    assert raised is not None
    assert outcome.requests == 1
    if type(raised) is kind:
        return "raised"
    assert type(raised.__cause__) is kind
    return f"raised as the cause of `{type(raised).__name__}`"


def documented(cell: str) -> str:
    """Return the text of a cell, without the parts that other tests check."""
    if cell.startswith("only with `") or ", with `" in cell:
        return "raised, but only with an argument"
    return re.sub(r", (?:not before Retry-After|after the events before it)$", "", cell)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("row", SCENARIOS)
def test_each_row_describes_the_outcome(row: str, method: str) -> None:
    kind = getattr(sse_core, row.split("`")[1])
    assert observed(kind, method, SCENARIOS[row]) == documented(rows()[row][method == "POST"])


def test_every_row_is_tested_or_is_about_the_call() -> None:
    assert {row for row, (get, _) in rows().items() if get != "raised at the call"} == set(SCENARIOS)
