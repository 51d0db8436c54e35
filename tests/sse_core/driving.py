"""Drive a Connection without I/O: each function does one part of a driver's work. Times default to 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sse_core import Connect, Decide, Deliver, Read, ReadBody, ReadError, Response, Stop, Wait

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeVar

    from sse_core import Comment, Connection, Event, Request, State, Step

    Item = TypeVar("Item", bound=Event | Comment)

URL = "https://example.com/stream"
STREAM = Response(200, (("Content-Type", "text/event-stream"),))
ONE_EVENT = b"data: a\n\n"


def answer(status: int, **headers: str) -> Response:
    """A response without a body; `Retry_After="5"` is the header field Retry-After."""
    return Response(status, tuple((name.replace("_", "-"), value) for name, value in headers.items()))


def state_of(connection: Connection[Any]) -> State:
    # Type checkers assume that a property stays what it was compared to; they do not for a call.
    return connection.state


def connected(connection: Connection[Any], headers: Mapping[str, str] | None = None) -> Request:
    step = connection.connect(headers)
    assert isinstance(step, Connect)
    return step.request


def opened(connection: Connection[Item]) -> Connection[Item]:
    connected(connection)
    assert connection.respond(STREAM) == Read()
    return connection


def received(connection: Connection[Item], data: bytes) -> Deliver[Item]:
    step = connection.receive(data)
    assert isinstance(step, Deliver)
    return step


def refused(connection: Connection[Any], response: Response, body: bytes = b"", epoch: float = 0.0) -> Decide:
    """Respond with something that is not an event stream, up to `Decide`."""
    step = connection.respond(response)
    assert isinstance(step, ReadBody)
    decision = connection.refuse(body[: step.limit], epoch=epoch)
    assert isinstance(decision, Decide)
    return decision


def waited(step: Step) -> float:
    assert isinstance(step, Wait)
    return step.delay


def stopped(step: Step) -> BaseException | None:
    assert isinstance(step, Stop)
    return step.error


def lost(connection: Connection[Any], now: float = 0.0, random: float = 0.0) -> Step:
    """Lose the connection and return the step decided on."""
    assert isinstance(connection.fail(ReadError("connection reset")), Decide)
    return connection.decide(monotonic=now, random=random)


def ended(connection: Connection[Any], now: float = 0.0) -> Step:
    """End the stream cleanly and return the step decided on."""
    assert isinstance(connection.end(), Decide)
    return connection.decide(monotonic=now, random=0.0)
