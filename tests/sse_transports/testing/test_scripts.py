"""A script is checked when it is given, and an error names the connection and the step."""

from __future__ import annotations

from typing import Any

import pytest

from sse_core import Comment, Event, InvalidArgument, encode
from sse_transports.testing import (
    HALF_CHARACTER,
    Cut,
    Drip,
    End,
    Gzip,
    History,
    NoAnswer,
    Refuse,
    Reset,
    ScriptedTransport,
    Sleep,
    Stall,
    Steps,
)
from sse_transports.testing._plan import Plan, make_plan

EVENT_STREAM = ("Content-Type", "text/event-stream")
HISTORY = [Event("a", id="1"), Event("b", id="2"), Event("c", id="3")]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (["data: a\n\n"], "step 1: expected a step, not str"),
        ([None], "step 1: expected a step, not NoneType"),
        ([True], "step 1: expected a step, not a bool"),
        ([Sleep], r"step 1: expected an instance: Sleep\(\)"),
        ([b"a", Stall], r"step 2: expected an instance: Stall\(\)"),
        ([503, 200], "step 2: the connection already has a status"),
        ([100], "step 1: expected a final status, from 200 on, not 100"),
        ([Cut(3), b"ab", Cut(5)], "step 3: the connection already has a Cut"),
        ([b"a", b""], "step 2: a chunk must not be empty"),
        ([b"a", 200], "step 1: a status or headers \\(step 2\\) cannot come after the body"),
        ([99], "step 1: expected a status of three digits, not 99"),
        ([204, b"a"], "step 2: a response with status 204 has no body"),
        ([{"A": 1}], "step 1: expected names and values of headers as str"),
        ([{"A": "b\r\nC: d"}], "step 1: a header cannot contain this"),
        ([{"A": "€"}], "step 1: a header can only contain ISO-8859-1"),
        ([Sleep(-1)], "step 1: expected seconds from 0 to"),
        ([Sleep(float("nan"))], "step 1: expected seconds from 0 to"),
        ([Drip(b"a", seconds=-1)], "step 1: expected seconds from 0 to"),
        ([Drip(b"a", seconds=1, size=0)], "step 1: expected bytes, and a size of 1 or more"),
        ([Cut(-1)], "step 1: expected a number of bytes, not -1"),
        ([b"a", Reset(), b"b"], r"step 3: nothing can follow Reset\(\)"),
        ([Cut(), b"b"], r"step 2: nothing can follow Cut\(after=0\)"),
        ([503, Refuse()], r"step 2: Refuse\(\) means no response"),
        ([NoAnswer(), b""], r"step 2: nothing can follow NoAnswer\(\)"),
        ([Event("a\r")], "step 1: data: holds a CR"),
        ([Comment("a\nb")], "step 1: text: holds a LF"),
    ],
)
def test_an_invalid_step_is_refused_with_its_number(steps: Any, message: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^script: connection 2, {message}") as caught:
        ScriptedTransport([[b"good"], steps])
    assert caught.value.name == "script"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("data: a", "expected a list of connections, not str"),
        (7, "expected a list of connections, not int"),
        ([Event("a")], "connection 1: expected a list of steps, not Event"),
        ([b"a"], "connection 1: expected a list of steps, not bytes"),
        ([{"A": "b"}], "connection 1: expected a list of steps, not dict"),
    ],
)
def test_a_script_must_be_a_list_of_lists(script: Any, message: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^script: {message}$"):
        ScriptedTransport(script)


@pytest.mark.parametrize("event", [Event("a"), "a", None])
def test_every_event_of_a_history_needs_an_id(event: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^history: event 2: expected an Event with an id"):
        ScriptedTransport([], history=[Event("a", id="1"), event])


@pytest.mark.parametrize("same", ["1", "1 "])
def test_the_ids_of_a_history_must_differ(same: str) -> None:
    with pytest.raises(InvalidArgument, match=rf"^history: event 3: has the same id as event 1, '{same}'"):
        ScriptedTransport([], history=[Event("a", id="1"), Event("b", id="2"), Event("c", id=same)])


@pytest.mark.parametrize("history", [None, Event("a", id="1"), 7])
def test_a_history_must_be_a_list(history: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^history: expected a list of events, not "):
        ScriptedTransport([], history=history)


def test_a_history_step_needs_a_history() -> None:
    with pytest.raises(
        InvalidArgument, match=r"^history: the script has a History\(\) step, but no history was given$"
    ):
        ScriptedTransport([[b"a"], [History()]])


def plan(*body: bytes | Sleep, **fields: Any) -> Plan:
    defaults: dict[str, Any] = {
        "delay": 0.0,
        "status": 200,
        "headers": (EVENT_STREAM,),
        "compressed": False,
        "ending": End(),
    }
    return Plan(body=body, **{**defaults, **fields})


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], plan()),
        ([b"a", Event("b"), Comment("c")], plan(b"a", b"data: b\n\n", b": c\n\n")),
        ([503], plan(status=503, headers=())),
        ([{"A": "b"}, {"a": "c"}], plan(headers=(EVENT_STREAM, ("A", "b"), ("a", "c")))),
        ([{"content-type": "text/plain"}], plan(headers=(("content-type", "text/plain"),))),
        ([Gzip()], plan(headers=(EVENT_STREAM, ("Content-Encoding", "gzip")), compressed=True)),
        ([Sleep(1), 200, Sleep(2), b"a"], plan(Sleep(2), b"a", delay=1.0)),
        ([Sleep(1), b"a"], plan(Sleep(1), b"a")),
        ([Sleep(1), Refuse()], plan(delay=1.0, status=None, headers=(), ending=Refuse())),
        ([Drip(b"abc", 0.5, 2)], plan(b"ab", Sleep(0.5), b"c", Sleep(0.5))),
        ([HALF_CHARACTER, Cut()], plan(b"\xe2\x82", ending=Cut())),
        ([Cut(3), b"ab", Sleep(1), b"cd", Sleep(2), b"e"], plan(b"ab", Sleep(1), b"c", ending=Cut(3))),
        ([Cut(3), b"ab", End()], plan(b"ab", ending=Cut(3))),
        ([Cut(3), b"abc", Reset()], plan(b"abc", ending=Cut(3))),
        ([Cut(3), b"ab", Stall()], plan(b"ab", ending=Stall())),
    ],
)
def test_steps_become_a_plan(steps: Steps, expected: Plan) -> None:
    assert make_plan(steps) == expected


@pytest.mark.parametrize(
    ("last_event_id", "remaining"), [("", "abc"), ("1", "bc"), ("3", ""), ("unknown", "abc")]
)
def test_a_history_resumes_after_the_last_event_id(last_event_id: str, remaining: str) -> None:
    chunks = tuple(encode(event) for event in HISTORY if event.data in remaining)
    assert make_plan([History()], last_event_id, HISTORY).body == chunks
