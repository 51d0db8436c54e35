"""Records: immutable values, equal by type and fields."""

from __future__ import annotations

import copy
import pickle
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import sse_core
from sse_core import (
    Attempt,
    Closed,
    Comment,
    Connect,
    Connecting,
    Decide,
    Deliver,
    Disconnected,
    Event,
    Headers,
    Opened,
    Pause,
    Paused,
    Read,
    ReadBody,
    Request,
    Response,
    RetryPolicy,
    StateChange,
    Stop,
    Wait,
    Waiting,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sse_core import Step

REQUEST = Request("GET", "https://example.com/", (("Accept", "text/event-stream"),), b"body")
CHANGES: list[type[StateChange]] = [Connecting, Opened, Disconnected, Waiting, Paused, Closed]
# Functions, so that a test can make two equal records that are not the same object.
MAKERS: dict[str, Callable[[], Any]] = {
    "Request": lambda: Request("GET", "https://example.com/", (("Accept", "text/event-stream"),), b"body"),
    "Response": lambda: Response(200, [("Content-Type", "text/event-stream")], "https://example.com/"),
    "Attempt": lambda: Attempt(2, "7", None, Response(200), None),
    "Headers": lambda: Headers([("Content-Type", "text/event-stream")]),
    "RetryPolicy": lambda: RetryPolicy(factor=3.0, statuses=[503]),
    "Connect": lambda: Connect(Request("GET", "https://example.com/")),
    "Read": Read,
    "ReadBody": lambda: ReadBody(65536, 5.0),
    "Deliver": lambda: Deliver([Event("a"), Comment("b")], Read()),
    "Decide": lambda: Decide(None),
    "Wait": lambda: Wait(1.5),
    "Pause": Pause,
    "Stop": lambda: Stop(None),
    **{
        kind.__name__: partial(kind, "https://example.com/", 2, None, 1.5, 3, "7", 100, 4) for kind in CHANGES
    },
}
every_record = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def test_every_record_class_is_tested() -> None:
    kinds = {name for name in sse_core.__all__ if isinstance(getattr(sse_core, name), type)}
    records = {name for name in kinds if getattr(sse_core, name).__mro__[-2].__name__ == "Record"}
    # `StateChange` is only the base of others.
    assert set(MAKERS) == records - {"StateChange"}


@every_record
def test_records_of_equal_fields_are_equal(make: Callable[[], Any]) -> None:
    assert make() == make()


def test_records_of_different_types_are_never_equal() -> None:
    records = [make() for make in MAKERS.values()]
    for index, record in enumerate(records):
        assert [record == other for other in records] == [index == place for place in range(len(records))]
        assert record != object()
        assert record != ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Wait(1.0), Wait(2.0)),
        (ReadBody(1, 5.0), ReadBody(2, 5.0)),
        (ReadBody(1, 5.0), ReadBody(1, 6.0)),
        (Stop(None), Stop(ValueError())),
        (Deliver([], Read()), Deliver([], Stop(None))),
        (Deliver([], Read()), Deliver([Event("")], Read())),
        (Connect(REQUEST), Connect(Request("POST", "https://example.com/"))),
        (Response(200), Response(201)),
        (Response(200, [("a", "b")]), Response(200, [("a", "c")])),
        (Request("GET", "a"), Request("GET", "b")),
        (Request("GET", "a", (), b""), Request("GET", "a", (), None)),
        (Request("GET", "a"), Request("GET", "a", withheld=frozenset({"cookie"}))),
        (Opened("a", 1), Opened("a", 2)),
        (Opened("a", 1, last_event_id="7"), Opened("a", 1)),
    ],
)
def test_records_that_differ_in_a_field_are_not_equal(one: object, other: object) -> None:
    assert one != other
    assert hash(type(one)) == hash(type(other))


@every_record
def test_a_record_without_events_is_hashable(make: Callable[[], Any]) -> None:
    if isinstance(make(), Deliver):
        # Events are mutable, so they are not hashable.
        with pytest.raises(TypeError, match="unhashable"):
            hash(make())
    else:
        assert len({make(), make()}) == 1


@every_record
def test_a_record_is_frozen(make: Callable[[], Any]) -> None:
    record = make()
    name = type(record).__name__
    for field in (*fields(record), "unknown"):
        with pytest.raises(AttributeError, match=f"{name} is frozen: {field} cannot be set"):
            setattr(record, field, None)
        with pytest.raises(AttributeError, match=f"{name} is frozen: {field} cannot be deleted"):
            delattr(record, field)
    assert record == make()
    assert not hasattr(record, "__dict__")


@every_record
def test_the_repr_of_a_record_is_its_constructor_call(make: Callable[[], Any]) -> None:
    record = make()
    assert eval(repr(record), vars(sse_core)) == record
    assert repr(record).startswith(f"{type(record).__name__}(")


@every_record
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_record_survives_pickling(make: Callable[[], Any], protocol: int) -> None:
    again = pickle.loads(pickle.dumps(make(), protocol))
    assert again == make()
    assert type(again) is type(make())


@every_record
def test_a_record_survives_copying(make: Callable[[], Any]) -> None:
    assert copy.copy(make()) == copy.deepcopy(make()) == make()


def test_a_response_copies_any_iterable_of_headers() -> None:
    fields = [("A", "1")]
    response = Response(200, fields)
    fields.append(("B", "2"))
    assert response.headers == (("A", "1"),)
    assert Response(200, iter([("A", "1")])) == response
    assert (Response(200).headers.pairs, Response(200).url) == ((), "")


def test_a_request_finds_its_headers_in_any_case() -> None:
    assert (REQUEST.header("ACCEPT"), REQUEST.header("Cookie")) == ("text/event-stream", None)
    assert Request("GET", "a", (("A", "1"), ("a", "2"))).header("A") == "2"


def test_a_change_needs_only_a_url_and_an_attempt() -> None:
    change = Opened("https://example.com/", 1)
    assert (change.url, change.attempt, change.cause, change.delay) == ("https://example.com/", 1, None, None)
    assert (change.pending, change.last_event_id, change.bytes_received, change.events_received) == (
        0,
        "",
        0,
        0,
    )


def matched(step: Step[Any]) -> tuple[object, ...]:
    """What a driver's `match` takes from a step, by position."""
    match step:
        case Connect(request):
            return ("connect", request)
        case Read():
            return ("read",)
        case ReadBody(limit, timeout):
            return ("read body", limit, timeout)
        case Deliver(events, then):
            return ("deliver", events, *matched(then))
        case Decide(cause):
            return ("decide", cause)
        case Wait(delay):
            return ("wait", delay)
        case Pause():
            return ("pause",)
        case Stop(error):
            return ("stop", error)


def test_steps_are_matched_by_position() -> None:
    error = ValueError()
    assert matched(Connect(REQUEST)) == ("connect", REQUEST)
    assert matched(Deliver([Event("a")], Stop(error))) == ("deliver", [Event("a")], "stop", error)
    assert matched(Deliver([], Read())) == ("deliver", [], "read")
    assert matched(Wait(2.0)) == ("wait", 2.0)
    assert matched(ReadBody(9, 5.0)) == ("read body", 9, 5.0)
    assert matched(Decide(None)) == ("decide", None)
    assert matched(Stop(error)) == ("stop", error)
    assert matched(Pause()) == ("pause",)


def test_requests_and_responses_are_matched_by_position() -> None:
    match REQUEST:
        case Request(method, url, headers, body, withheld):
            assert withheld == frozenset()
            assert (method, url, headers, body) == ("GET", "https://example.com/", REQUEST.headers, b"body")
    match Response(200, (), "u"):
        case Response(status, fields, url):
            assert (status, fields.pairs, url) == (200, (), "u")


def fields(record: object) -> list[str]:
    return [name for kind in type(record).__mro__ for name in getattr(kind, "__slots__", ())]
