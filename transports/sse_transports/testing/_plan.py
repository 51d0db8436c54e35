"""A script worked out: what cannot be played is refused when it is given, and the rest is plain to play."""

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
        before: seconds before the answer.
        status: the answer's status; None if there is no answer.
        headers: its header fields.
        compressed: whether the body is compressed, chunk by chunk.
        body: chunks, and the pauses between them.
        ending: how it ends.
    """

    before: float
    status: int | None
    headers: tuple[tuple[str, str], ...]
    compressed: bool
    body: tuple[bytes | Sleep, ...]
    ending: Ending


class _Unusable(Exception):
    """A step cannot be played."""


def checked_script(script: Script) -> tuple[Steps, ...]:
    """Return the script, or refuse what cannot be played.

    Raises:
        sse_core.InvalidArgument: names the connection and the step, counted from 1.
    """
    if not _is_list(script):
        raise InvalidArgument("script", f"expected a list of connections, not {type(script).__name__}")
    for number, steps in enumerate(script, 1):
        checked_steps(steps, f"connection {number}")
    return tuple(tuple(steps) for steps in script)


def checked_steps(steps: Steps, where: str) -> Steps:
    """Return the steps of one connection, or refuse what cannot be played.

    Raises:
        sse_core.InvalidArgument: says `where`, and names the step, counted from 1.
    """
    if not _is_list(steps):
        raise InvalidArgument("script", f"{where}: expected a list of steps, not {type(steps).__name__}")
    plan_of(steps, where=where)
    return steps


def checked_history(history: Sequence[Event]) -> tuple[Event, ...]:
    """Return the history, or refuse what nobody could resume from.

    Raises:
        sse_core.InvalidArgument: an event has no ID, or another one's, or cannot be sent.
    """
    if not _is_list(history):
        raise InvalidArgument("history", f"expected a list of events, not {type(history).__name__}")
    seen: dict[str, int] = {}
    for number, event in enumerate(history, 1):
        if not isinstance(event, Event) or not event.id:
            raise InvalidArgument("history", f"event {number}: expected an Event with an id, not {event!r}")
        if event.id in seen:
            raise InvalidArgument(
                "history",
                f"event {number}: has the id of event {seen[event.id]}, {event.id!r}: it names none",
            )
        seen[event.id] = number
        encode(event)
    return tuple(history)


def plan_of(
    steps: Steps, last_event_id: str = "", history: Sequence[Event] = (), *, where: str = "the connection"
) -> Plan:
    """Work out one connection.

    Args:
        steps: what is to happen.
        last_event_id: what the request told.
        history: the events for `History`.
        where: what an error calls the connection.

    Raises:
        sse_core.InvalidArgument: names the step, counted from 1.
    """
    heads = [number for number, step in enumerate(steps, 1) if isinstance(step, (int, Mapping, Gzip))]
    planning = _Planning(heads[-1] if heads else 0, last_event_id, history)
    for number, step in enumerate(steps, 1):
        try:
            planning.take(step, number)
        except (_Unusable, InvalidArgument) as error:
            raise InvalidArgument("script", f"{where}, step {number}: {error}") from error
    return planning.plan()


class _Planning:
    """A connection, step by step."""

    def __init__(self, last_of_head: int, last_event_id: str, history: Sequence[Event]) -> None:
        self._last_of_head = last_of_head
        self._last_event_id = last_event_id
        self._history = history
        self._before = 0.0
        self._status = 200
        self._has_status = False
        self._headers: list[tuple[str, str]] = []
        self._compressed = False
        self._body: list[bytes | Sleep] = []
        self._ending: Ending | None = None
        # Bytes of the body until the connection is lost, once a `Cut` has come.
        self._left: int | None = None

    def take(self, step: object, number: int) -> None:
        """Add a step."""
        if self._ending is not None and not (isinstance(self._ending, Cut) and self._ending.after):
            raise _Unusable(f"nothing can come behind {self._ending!r}")
        match step:
            case bool():
                raise _Unusable("expected a step, not a bool")
            case type():
                raise _Unusable(f"expected an instance: {step.__name__}()")
            case int():
                if self._has_status:
                    raise _Unusable("there is a status already, and a connection has one answer")
                self._status = _checked_status(step)
                self._has_status = True
            case Mapping():
                self._headers += [_checked_field(name, value) for name, value in step.items()]
            case Gzip():
                self._compressed = True
                self._headers.append(("Content-Encoding", "gzip"))
            case Sleep(seconds):
                self._pause(_checked_seconds(seconds), before=number < self._last_of_head)
            case NoAnswer() | Refuse():
                self._leave_unanswered(step)
            case _:
                self._take_body(step, number)

    def plan(self) -> Plan:
        """Return what the steps come to."""
        ending = self._ending or End()
        if isinstance(ending, (NoAnswer, Refuse)):
            before = self._before + sum(part.seconds for part in self._body if isinstance(part, Sleep))
            return Plan(before, None, (), False, (), ending)
        fields = tuple(self._headers)
        if self._status == 200 and not any(name.lower() == "content-type" for name, _ in fields):
            fields = (EVENT_STREAM, *fields)
        return Plan(self._before, self._status, fields, self._compressed, tuple(self._body), ending)

    def _pause(self, seconds: float, *, before: bool) -> None:
        if before:
            self._before += seconds
        elif self._left != 0:
            self._body.append(Sleep(seconds))

    def _leave_unanswered(self, step: NoAnswer | Refuse) -> None:
        if self._last_of_head or any(isinstance(part, bytes) for part in self._body):
            raise _Unusable(f"{step!r} leaves nothing to answer, and there is an answer")
        self._ending = step

    def _take_body(self, step: object, number: int) -> None:
        if number < self._last_of_head:
            raise _Unusable(f"a status or headers (step {self._last_of_head}) cannot come behind the body")
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
                for event in behind(self._last_event_id, self._history):
                    self._chunk(encode(event))
            case Cut(after):
                if type(after) is not int or after < 0:
                    raise _Unusable(f"expected a number of bytes, not {after!r}")
                if self._left is not None:
                    raise _Unusable("there is a Cut already, and a connection is lost once")
                self._end(step)
                self._left = after
            case End():
                self._end(self._ending if isinstance(self._ending, Cut) else step)
            case Reset() | Stall():
                self._end(step)
            case str():
                raise _Unusable('expected a step, not str: text goes into an Event, or is bytes: b"data: …"')
            case _:
                raise _Unusable(f"expected a step, not {type(step).__name__}")

    def _end(self, step: Ending) -> None:
        # What comes behind the place where the connection is lost, does not come.
        if self._left != 0:
            self._ending = step

    def _drip(self, step: Drip) -> None:
        if not isinstance(step.data, bytes) or type(step.size) is not int or step.size < 1:
            raise _Unusable(f"expected bytes, and a size of 1 or more, not {step!r}")
        for start in range(0, len(step.data), step.size):
            self._chunk(step.data[start : start + step.size])
            self._pause(_checked_seconds(step.seconds), before=False)

    def _chunk(self, data: bytes) -> None:
        if not data:
            raise _Unusable("a chunk without bytes is none")
        if self._status in BODILESS_STATUSES:
            raise _Unusable(f"an answer with status {self._status} has no body")
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        if data:
            self._body.append(data)


def behind(last_event_id: str, history: Sequence[Event]) -> Sequence[Event]:
    """Return the events that come behind this ID: all, if none of them has it."""
    ids = [event.id for event in history]
    return history[ids.index(last_event_id) + 1 :] if last_event_id in ids else history


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview))


def _checked_status(status: int) -> int:
    if not 100 <= status <= 999:
        raise _Unusable(f"expected a status of three digits, not {status}")
    if status < 200:
        raise _Unusable(f"expected a final status, from 200 on, not {status}: clients pass over it")
    return status


def _checked_field(name: object, value: object) -> tuple[str, str]:
    if not isinstance(name, str) or not isinstance(value, str):
        raise _Unusable(f"expected names and values of headers as str, not {name!r}: {value!r}")
    if any(mark in name + value for mark in "\r\n\0") or not name:
        raise _Unusable(f"a header cannot hold this: {name!r}: {value!r}")
    try:
        # What it is read as.
        (name + value).encode("latin-1")
    except UnicodeEncodeError as error:
        raise _Unusable(f"a header cannot hold what is not ISO-8859-1: {name!r}: {value!r}") from error
    return name, value


def _checked_seconds(seconds: float) -> float:
    # Written so that NaN fails too.
    if not isinstance(seconds, (int, float)) or not 0 <= seconds <= LONGEST_TIMEOUT:
        raise _Unusable(f"expected seconds from 0 to {LONGEST_TIMEOUT}, not {seconds!r}")
    return seconds
