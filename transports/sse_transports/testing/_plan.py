"""Turns the steps of a connection into a `Plan`, which is easy to play.

Steps that cannot be played are rejected here, when the script is given, with the number of the step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sse_core import Comment, Event, InvalidArgument, encode, encode_comment

from .._driver import LONGEST_TIMEOUT
from ._script import (
    Cut,
    Drip,
    End,
    Ending,
    Gzip,
    History,
    NoAnswer,
    Refuse,
    Reset,
    Script,
    Sleep,
    Stall,
    Steps,
)

BODILESS_STATUSES = frozenset({204, 304})
EVENT_STREAM = ("Content-Type", "text/event-stream")


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens on one connection.

    Attributes:
        delay: seconds before the response.
        status: the response's status; None if there is no response.
        headers: the response's headers.
        compressed: whether the body is sent with gzip, flushed after each chunk.
        body: the chunks, and the sleeps between them.
        ending: how the connection ends.
    """

    delay: float
    status: int | None
    headers: tuple[tuple[str, str], ...]
    compressed: bool
    body: tuple[bytes | Sleep, ...]
    ending: Ending


class _InvalidStep(Exception):
    """A step cannot be played."""


def checked_script(script: Script) -> tuple[Steps, ...]:
    """Return a copy of the script, or reject what cannot be played.

    Raises:
        sse_core.InvalidArgument: names the connection and the step, counted from 1.
    """
    if not _is_list(script):
        raise InvalidArgument("script", f"expected a list of connections, not {type(script).__name__}")
    for number, steps in enumerate(script, 1):
        check_steps(steps, f"connection {number}")
    return tuple(tuple(steps) for steps in script)


def check_steps(steps: Steps, where: str) -> None:
    """Reject the steps of one connection if they cannot be played.

    Raises:
        sse_core.InvalidArgument: begins with `where`, and names the step, counted from 1.
    """
    if not _is_list(steps):
        raise InvalidArgument("script", f"{where}: expected a list of steps, not {type(steps).__name__}")
    make_plan(steps, where=where)


def checked_history(history: Sequence[Event]) -> tuple[Event, ...]:
    """Return a copy of the history, or reject events that a client cannot resume after.

    Raises:
        sse_core.InvalidArgument: an event has no ID, or the ID of an earlier one, or cannot be encoded.
    """
    if not _is_list(history):
        raise InvalidArgument("history", f"expected a list of events, not {type(history).__name__}")
    seen: dict[str, int] = {}
    for number, event in enumerate(history, 1):
        if not isinstance(event, Event) or not event.id:
            raise InvalidArgument("history", f"event {number}: expected an Event with an id, not {event!r}")
        sent = as_header_value(event.id)
        if sent in seen:
            raise InvalidArgument(
                "history",
                f"event {number}: has the same id as event {seen[sent]}, {event.id!r}",
            )
        seen[sent] = number
        encode(event)
    return tuple(history)


def make_plan(
    steps: Steps, last_event_id: str = "", history: Sequence[Event] = (), *, where: str = "the connection"
) -> Plan:
    """Return the plan of one connection.

    Args:
        steps: the steps of the script.
        last_event_id: the Last-Event-ID of the request.
        history: the events for `History`.
        where: what an error calls the connection.

    Raises:
        sse_core.InvalidArgument: names the step, counted from 1.
    """
    head_steps = [number for number, step in enumerate(steps, 1) if isinstance(step, (int, Mapping, Gzip))]
    planner = _Planner(head_steps[-1] if head_steps else 0, last_event_id, history)
    for number, step in enumerate(steps, 1):
        try:
            planner.add(step, number)
        except (_InvalidStep, InvalidArgument) as error:
            raise InvalidArgument("script", f"{where}, step {number}: {error}") from error
    return planner.plan()


class _Planner:
    """Builds the plan of a connection, step by step.

    Args:
        last_head_step: the number of the last step that belongs to the response's status and headers, or 0.
        last_event_id: the Last-Event-ID of the request.
        history: the events for `History`.
    """

    def __init__(self, last_head_step: int, last_event_id: str, history: Sequence[Event]) -> None:
        self._last_head_step = last_head_step
        self._last_event_id = last_event_id
        self._history = history
        self._delay = 0.0
        self._status = 200
        self._has_status = False
        self._headers: list[tuple[str, str]] = []
        self._compressed = False
        self._body: list[bytes | Sleep] = []
        # None until a step says how the connection ends.
        self._ending: Ending | None = None
        # Bytes of the body until the connection is dropped; None before a `Cut` step.
        self._bytes_until_cut: int | None = None

    def add(self, step: object, number: int) -> None:
        """Add a step."""
        # `Cut(after=...)` is the only ending that other steps may follow.
        if self._ending is not None and not (isinstance(self._ending, Cut) and self._ending.after):
            raise _InvalidStep(f"nothing can follow {self._ending!r}")
        match step:
            case bool():
                raise _InvalidStep("expected a step, not a bool")
            case type():
                raise _InvalidStep(f"expected an instance: {step.__name__}()")
            case int():
                if self._has_status:
                    raise _InvalidStep("the connection already has a status")
                self._status = _checked_status(step)
                self._has_status = True
            case Mapping():
                self._headers += [_checked_field(name, value) for name, value in step.items()]
            case Gzip():
                self._compressed = True
                self._headers.append(("Content-Encoding", "gzip"))
            case Sleep(seconds):
                self._sleep(_checked_seconds(seconds), in_head=number < self._last_head_step)
            case NoAnswer() | Refuse():
                self._end_without_response(step)
            case _:
                self._add_to_body(step, number)

    def plan(self) -> Plan:
        """Return the plan of all steps."""
        ending = self._ending or End()
        if isinstance(ending, (NoAnswer, Refuse)):
            delay = self._delay + sum(part.seconds for part in self._body if isinstance(part, Sleep))
            return Plan(delay, None, (), False, (), ending)
        fields = tuple(self._headers)
        if self._status == 200 and not any(name.lower() == "content-type" for name, _ in fields):
            fields = (EVENT_STREAM, *fields)
        return Plan(self._delay, self._status, fields, self._compressed, tuple(self._body), ending)

    def _sleep(self, seconds: float, *, in_head: bool) -> None:
        if in_head:
            self._delay += seconds
        elif self._bytes_until_cut != 0:
            self._body.append(Sleep(seconds))

    def _end_without_response(self, step: NoAnswer | Refuse) -> None:
        if self._last_head_step or any(isinstance(part, bytes) for part in self._body):
            raise _InvalidStep(f"{step!r} means no response, but earlier steps send one")
        self._ending = step

    def _add_to_body(self, step: object, number: int) -> None:
        if number < self._last_head_step:
            raise _InvalidStep(
                f"a status or headers (step {self._last_head_step}) cannot come after the body"
            )
        match step:
            case bytes():
                self._chunk(step)
            case Event():
                self._chunk(encode(step))
            case Comment():
                self._chunk(encode_comment(step.text))
            case Drip():
                self._drip(step)
            case History():
                for event in events_after(self._last_event_id, self._history):
                    self._chunk(encode(event))
            case Cut(after):
                if type(after) is not int or after < 0:
                    raise _InvalidStep(f"expected a number of bytes, not {after!r}")
                if self._bytes_until_cut is not None:
                    raise _InvalidStep("the connection already has a Cut")
                self._end(step)
                self._bytes_until_cut = after
            case End():
                self._end(self._ending if isinstance(self._ending, Cut) else step)
            case Reset() | Stall():
                self._end(step)
            case str():
                raise _InvalidStep(
                    'expected a step, not str: text goes into an Event, or is bytes: b"data: …"'
                )
            case _:
                raise _InvalidStep(f"expected a step, not {type(step).__name__}")

    def _end(self, step: Ending) -> None:
        # Ignore an ending that comes after the byte at which the connection is dropped.
        if self._bytes_until_cut != 0:
            self._ending = step

    def _drip(self, step: Drip) -> None:
        if not isinstance(step.data, bytes) or type(step.size) is not int or step.size < 1:
            raise _InvalidStep(f"expected bytes, and a size of 1 or more, not {step!r}")
        for start in range(0, len(step.data), step.size):
            self._chunk(step.data[start : start + step.size])
            self._sleep(_checked_seconds(step.seconds), in_head=False)

    def _chunk(self, data: bytes) -> None:
        if not data:
            raise _InvalidStep("a chunk must not be empty")
        if self._status in BODILESS_STATUSES:
            raise _InvalidStep(f"a response with status {self._status} has no body")
        if self._bytes_until_cut is not None:
            data = data[: self._bytes_until_cut]
            self._bytes_until_cut -= len(data)
        if data:
            self._body.append(data)


def events_after(last_event_id: str, history: Sequence[Event]) -> Sequence[Event]:
    """Return the events after the one with this ID; all, if no event has it."""
    ids = [as_header_value(event.id) for event in history]
    sent = as_header_value(last_event_id)
    return history[ids.index(sent) + 1 :] if sent in ids else history


def as_header_value(last_event_id: str) -> str:
    """Return an ID as a server gets it: a header's value has no blanks at its ends (RFC 9110, 5.5)."""
    return last_event_id.strip(" \t")


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview))


def _checked_status(status: int) -> int:
    if not 100 <= status <= 999:
        raise _InvalidStep(f"expected a status of three digits, not {status}")
    if status < 200:
        raise _InvalidStep(f"expected a final status, from 200 on, not {status}, which clients ignore")
    return status


def _checked_field(name: object, value: object) -> tuple[str, str]:
    if not isinstance(name, str) or not isinstance(value, str):
        raise _InvalidStep(f"expected names and values of headers as str, not {name!r}: {value!r}")
    if any(mark in name + value for mark in "\r\n\0") or not name:
        raise _InvalidStep(f"a header cannot contain this: {name!r}: {value!r}")
    try:
        # Clients decode headers as ISO-8859-1.
        (name + value).encode("latin-1")
    except UnicodeEncodeError as error:
        raise _InvalidStep(f"a header can only contain ISO-8859-1: {name!r}: {value!r}") from error
    return name, value


def _checked_seconds(seconds: float) -> float:
    # `not ... <=`, so that NaN is rejected too.
    if not isinstance(seconds, (int, float)) or not 0 <= seconds <= LONGEST_TIMEOUT:
        raise _InvalidStep(f"expected seconds from 0 to {LONGEST_TIMEOUT}, not {seconds!r}")
    return seconds
