"""Scripts: what can be played is told from what cannot when it is given, and by its place."""

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
from sse_transports.testing._plan import Plan, plan_of

EVENT_STREAM = ("Content-Type", "text/event-stream")
HISTORY = [Event("a", id="1"), Event("b", id="2"), Event("c", id="3")]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (["data: a\n\n"], "step 1: expected a step, not str"),
        ([None], "step 1: expected a step, not NoneType"),
        ([True], "step 1: expected a step, not a bool"),
        ([Sleep], r"step 1: expected an instance: Sleep\(\)"),
        ([b"a", Stall], r"step 2: expected an instance: Stall\(\)"),
        ([503, 200], "step 2: there is a status already"),
        ([100], "step 1: expected a final status, from 200 on, not 100"),
        ([Cut(3), b"ab", Cut(5)], "step 3: there is a Cut already"),
        ([b"a", b""], "step 2: a chunk without bytes is none"),
        ([b"a", 200], "step 1: a status or headers \\(step 2\\) cannot come behind the body"),
        ([99], "step 1: expected a status of three digits, not 99"),
        ([204, b"a"], "step 2: an answer with status 204 has no body"),
        ([{"A": 1}], "step 1: expected names and values of headers as str"),
        ([{"A": "b\r\nC: d"}], "step 1: a header cannot hold this"),
        ([{"A": "€"}], "step 1: a header cannot hold what is not ISO-8859-1"),
        ([Sleep(-1)], "step 1: expected seconds from 0 to"),
        ([Sleep(float("nan"))], "step 1: expected seconds from 0 to"),
        ([Drip(b"a", seconds=-1)], "step 1: expected seconds from 0 to"),
        ([Drip(b"a", seconds=1, size=0)], "step 1: expected bytes, and a size of 1 or more"),
        ([Cut(-1)], "step 1: expected a number of bytes, not -1"),
        ([b"a", Reset(), b"b"], r"step 3: nothing can come behind Reset\(\)"),
        ([Cut(), b"b"], r"step 2: nothing can come behind Cut\(after=0\)"),
        ([503, Refuse()], r"step 2: Refuse\(\) leaves nothing to answer"),
        ([NoAnswer(), b""], r"step 2: nothing can come behind NoAnswer\(\)"),
        ([Event("a\r")], "step 1: data: holds a CR"),
        ([Comment("a\nb")], "step 1: text: holds a LF"),
    ],
)
def test_a_step_that_cannot_be_played_is_refused_with_its_place(steps: Any, said: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^script: connection 2, {said}") as caught:
        ScriptedTransport([[b"good"], steps])
    assert caught.value.name == "script"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("data: a", "expected a list of connections, not str"),
        (7, "expected a list of connections, not int"),
        ([Event("a")], "connection 1: expected a list of steps, not Event"),
        ([b"a"], "connection 1: expected a list of steps, not bytes"),
        ([{"A": "b"}], "connection 1: expected a list of steps, not dict"),
    ],
)
def test_what_is_no_list_of_lists_is_refused(script: Any, said: str) -> None:
    with pytest.raises(InvalidArgument, match=f"^script: {said}$"):
        ScriptedTransport(script)


@pytest.mark.parametrize("event", [Event("a"), "a", None])
def test_a_history_without_ids_is_refused(event: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^history: event 2: expected an Event with an id"):
        ScriptedTransport([], history=[Event("a", id="1"), event])


def test_a_history_that_names_two_events_alike_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"^history: event 3: has the id of event 1, '1'"):
        ScriptedTransport([], history=[Event("a", id="1"), Event("b", id="2"), Event("c", id="1")])


@pytest.mark.parametrize("history", [None, Event("a", id="1"), 7])
def test_a_history_that_is_no_list_is_refused(history: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^history: expected a list of events, not "):
        ScriptedTransport([], history=history)


def test_a_script_that_wants_a_history_needs_one() -> None:
    with pytest.raises(InvalidArgument, match=r"^history: the script says History\(\), and there is none$"):
        ScriptedTransport([[b"a"], [History()]])


def an_answer(*body: bytes | Sleep, **fields: Any) -> Plan:
    given: dict[str, Any] = {
        "before": 0.0,
        "status": 200,
        "headers": (EVENT_STREAM,),
        "compressed": False,
        "ending": End(),
    }
    return Plan(body=body, **{**given, **fields})


@pytest.mark.parametrize(
    ("steps", "planned"),
    [
        ([], an_answer()),
        ([b"a", Event("b"), Comment("c")], an_answer(b"a", b"data: b\n\n", b": c\n\n")),
        ([503], an_answer(status=503, headers=())),
        ([{"A": "b"}, {"a": "c"}], an_answer(headers=(EVENT_STREAM, ("A", "b"), ("a", "c")))),
        ([{"content-type": "text/plain"}], an_answer(headers=(("content-type", "text/plain"),))),
        ([Gzip()], an_answer(headers=(EVENT_STREAM, ("Content-Encoding", "gzip")), compressed=True)),
        ([Sleep(1), 200, Sleep(2), b"a"], an_answer(Sleep(2), b"a", before=1.0)),
        ([Sleep(1), b"a"], an_answer(Sleep(1), b"a")),
        ([Sleep(1), Refuse()], an_answer(before=1.0, status=None, headers=(), ending=Refuse())),
        ([Drip(b"abc", 0.5, 2)], an_answer(b"ab", Sleep(0.5), b"c", Sleep(0.5))),
        ([HALF_CHARACTER, Cut()], an_answer(b"\xe2\x82", ending=Cut())),
        ([Cut(3), b"ab", Sleep(1), b"cd", Sleep(2), b"e"], an_answer(b"ab", Sleep(1), b"c", ending=Cut(3))),
        ([Cut(3), b"ab", End()], an_answer(b"ab", ending=Cut(3))),
        ([Cut(3), b"abc", Reset()], an_answer(b"abc", ending=Cut(3))),
        ([Cut(3), b"ab", Stall()], an_answer(b"ab", ending=Stall())),
    ],
)
def test_steps_are_worked_out(steps: Steps, planned: Plan) -> None:
    assert plan_of(steps) == planned


@pytest.mark.parametrize(
    ("last_event_id", "behind"), [("", "abc"), ("1", "bc"), ("3", ""), ("of another day", "abc")]
)
def test_a_history_is_gone_on_with_behind_the_last_event_id(last_event_id: str, behind: str) -> None:
    chunks = tuple(encode(event) for event in HISTORY if event.data in behind)
    assert plan_of([History()], last_event_id, HISTORY).body == chunks
