"""on_open, on_error and until: when they are called, and what they can decide."""

from __future__ import annotations

import math

import pytest

from sse_core import (
    Closed,
    Event,
    HTTPStatusError,
    InvalidArgument,
    ReadyState,
    Response,
    RetriesExhausted,
    RetryPolicy,
    SSEError,
    StateChange,
    Waiting,
)
from sse_transports import EventSource
from sse_transports.testing import Call, SSEServer
from tests.sse_transports.small_servers import (
    QUICK,
    Rejected,
    data,
    one_and_silence,
    one_then_no_more,
    until_all_gone,
)

pytestmark = pytest.mark.usefixtures("every_client")

# on_open.


def test_on_open_sees_each_response() -> None:
    seen: list[Response] = []

    def answer(call: Call) -> None:
        if call.path == "/":
            call.respond(302, [("Location", "/there"), ("Content-Length", "0")])
        else:
            fields = [("Content-Type", "text/event-stream"), ("X-Limit", "3")]
            call.respond(200, fields, b"data: end\n\n")

    with SSEServer(answer) as server:
        source = EventSource(server.url, on_open=seen.append, until="end")
        assert data(source) == []
        (response,) = seen
        assert (response.status, response.url) == (200, f"{server.url}/there")
        assert response.header("x-limit") == "3"
        assert source.url == f"{server.url}/there"


def test_on_open_may_reject_a_response() -> None:
    def on_open(_response: Response) -> None:
        raise Rejected

    changes: list[StateChange] = []
    with SSEServer(one_and_silence) as server:
        source = EventSource(server.url, on_open=on_open, on_state=changes.append)
        with pytest.raises(Rejected):
            next(source)
        until_all_gone(server)
        assert source.ready_state is ReadyState.CLOSED
        assert len(server.calls) == 1
    assert isinstance(changes[-1], Closed)
    assert isinstance(changes[-1].cause, Rejected)


def test_the_error_that_ended_it_is_raised_again() -> None:
    with SSEServer(lambda call: call.respond(404, [])) as server:
        source = EventSource(server.url)
        for _ in range(3):
            with pytest.raises(HTTPStatusError):
                next(source)
        source.close()
        with pytest.raises(HTTPStatusError):
            next(source)
        assert len(server.calls) == 1


@pytest.mark.parametrize("status", [204, 401, 503])
def test_on_open_is_called_for_streams_only(status: int) -> None:
    seen: list[Response] = []
    with SSEServer(lambda call: call.respond(status, [])) as server:
        source = EventSource(server.url, on_open=seen.append, retry=None)
        if status == 204:
            assert data(source) == []
        else:
            with pytest.raises(HTTPStatusError):
                next(source)
    assert seen == []


# on_error.


def test_on_error_returning_none_lets_the_policy_decide() -> None:
    seen: list[SSEError] = []

    def answer(call: Call) -> None:
        call.respond(503 if call.number == 0 else 401, [("Content-Length", "0")])

    with SSEServer(answer) as server:
        source = EventSource(server.url, on_error=lambda error: seen.append(error), retry=QUICK)
        with pytest.raises(HTTPStatusError) as caught:
            next(source)
        assert [error.status for error in seen if isinstance(error, HTTPStatusError)] == [503, 401]
        assert seen[-1] is caught.value


def test_on_error_may_try_again_after_any_error() -> None:
    changes: list[StateChange] = []

    def answer(call: Call) -> None:
        if call.number == 0:
            call.respond(200, [("Content-Type", "text/html"), ("Content-Length", "0")])
        else:
            one_and_silence(call)

    with SSEServer(answer) as server:
        with EventSource(
            server.url, method="POST", on_error=lambda _error: 0.015, on_state=changes.append
        ) as source:
            assert next(source).data == "a"
        assert len(server.calls) == 2
    assert [change.delay for change in changes if isinstance(change, Waiting)] == [0.015]


def test_on_error_may_try_again_without_a_policy() -> None:
    def answer(call: Call) -> None:
        if call.number == 0:
            call.reset()
        else:
            one_and_silence(call)

    with (
        SSEServer(answer) as server,
        EventSource(server.url, retry=None, on_error=lambda _error: 0.0) as source,
    ):
        assert next(source).data == "a"


def test_on_error_that_always_retries_meets_the_limit() -> None:
    policy = RetryPolicy(max_attempts=3)
    with SSEServer(lambda call: call.respond(401, [])) as server:
        source = EventSource(server.url, retry=policy, on_error=lambda _error: 0.0)
        with pytest.raises(RetriesExhausted) as caught:
            next(source)
        assert isinstance(caught.value.__cause__, HTTPStatusError)
        assert len(server.calls) == 3


def test_on_error_may_raise_another_error() -> None:
    def on_error(error: SSEError) -> float | None:
        raise Rejected from error

    with SSEServer(lambda call: call.respond(503, [])) as server:
        source = EventSource(server.url, on_error=on_error)
        with pytest.raises(Rejected):
            next(source)
        assert source.ready_state is ReadyState.CLOSED
        with pytest.raises(Rejected):
            next(source)
        assert len(server.calls) == 1


@pytest.mark.parametrize("delay", [-1.0, -0.001, math.nan, math.inf, "soon", [], {}])
def test_on_error_returning_an_invalid_delay_is_refused(delay: float) -> None:
    with SSEServer(lambda call: call.respond(503, [])) as server:
        source = EventSource(server.url, on_error=lambda _error: delay)
        with pytest.raises(InvalidArgument, match="delay"):
            next(source)
        assert source.ready_state is ReadyState.CLOSED
        assert len(server.calls) == 1


def test_on_error_is_not_called_for_a_clean_end() -> None:
    seen: list[SSEError] = []
    with SSEServer(one_then_no_more) as server:
        source = EventSource(server.url, retry=QUICK, on_error=lambda error: seen.append(error))
        assert data(source) == ["a"]
    assert seen == []


# until.


def test_an_error_of_until_comes_after_earlier_events() -> None:
    def until(event: Event) -> bool:
        if event.data == "b":
            raise Rejected
        return False

    def answer(call: Call) -> None:
        call.respond(body=b"data: a\n\ndata: b\n\ndata: c\n\n")
        call.wait_until_gone()

    with SSEServer(answer) as server:
        source = EventSource(server.url, until=until)
        assert next(source).data == "a"
        with pytest.raises(Rejected):
            next(source)
        until_all_gone(server)


@pytest.mark.parametrize("place", ["headers", "on_open", "on_error", "on_state", "until"])
def test_a_stopiteration_in_a_hook_is_an_error(place: str) -> None:
    """As in a generator (PEP 479), a StopIteration that escapes from a hook is an error."""

    def hook(*_arguments: object) -> float:
        empty: list[float] = []
        return next(iter(empty))

    def answer(call: Call) -> None:
        if place == "on_error":
            call.respond(503, [])
        else:
            one_and_silence(call)

    options = {place: hook}
    with SSEServer(answer) as server:
        source: EventSource[Event] = EventSource(server.url, **options)  # type: ignore[call-overload]
        with pytest.raises(RuntimeError):
            list(source)
        until_all_gone(server)
