"""What was recorded of a stream: frozen values, which replay as a transport or as a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit, urlunsplit

from sse_core import InvalidArgument

from .._clock import Clock, SystemClock
from ._script import Cut, End, Refuse, Sleep, Step, Steps
from ._scripted import ScriptedTransport

if TYPE_CHECKING:
    from ._async_scripted import AsyncScriptedTransport

Ending = Literal["complete", "lost", "silent", "left", "refused"]

FRAMING = frozenset(
    {"connection", "content-encoding", "content-length", "keep-alive", "trailer", "transfer-encoding"}
)
"""Headers of how the bytes came, which are now held without that."""


@dataclass(frozen=True, slots=True)
class RecordedChunk:
    """Bytes that came together.

    Attributes:
        seconds: since the answer's head.
        data: the bytes, without the content coding they may have come in.
    """

    seconds: float
    data: bytes


@dataclass(frozen=True, slots=True)
class RecordedConnection:
    """One request, and what came of it.

    Attributes:
        time: when it was sent, in ISO 8601, UTC.
        method: the request's method.
        url: what was asked, without password and query.
        request_headers: the request's header fields, without secrets.
        seconds: from the request to the answer's head, or to the failure.
        status: the answer's status; None if there was no answer.
        headers: the answer's header fields, without secrets.
        chunks: its body.
        end: how it ended: `"complete"`, as it should; `"lost"`; `"silent"`, for longer than the idle
            timeout; `"left"` by the client; or `"refused"`, when there was no answer.
        ended: seconds from the answer's head to the end.
    """

    time: str
    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...]
    seconds: float
    status: int | None
    headers: tuple[tuple[str, str], ...]
    chunks: tuple[RecordedChunk, ...]
    end: Ending
    ended: float

    def steps(self, *, speed: float = 1.0, one_server: bool = True) -> Steps:
        """Return what a server would have to do.

        Args:
            speed: how many times faster than it was.
            one_server: whether all of it comes from one server, which has no other to redirect to.
        """
        steps: list[Step] = [_pause(self.seconds, speed)]
        if self.status is None:
            return [*steps, Refuse()]
        steps.append(self.status)
        # One mapping for each: a field may come twice.
        steps += [
            {name: _without_origin(value) if one_server and name.lower() == "location" else value}
            for name, value in self.headers
            if name.lower() not in FRAMING
        ]
        seconds = 0.0
        for chunk in self.chunks:
            steps += [_pause(chunk.seconds - seconds, speed), chunk.data]
            seconds = chunk.seconds
        if self.end == "left":
            # Nobody knows what would have come.
            steps.append(End())
        else:
            # Whoever has no idle timeout must not wait for ever: silence ends as a loss.
            steps += [
                _pause(self.ended - seconds, speed),
                End() if self.end == "complete" else Cut(),
            ]
        return [step for step in steps if not (isinstance(step, Sleep) and not step.seconds)]


@dataclass(frozen=True, slots=True)
class Recording:
    """What `record` wrote, as `replay` reads it.

    Attributes:
        connections: one for each request, redirects and failures included.
    """

    connections: tuple[RecordedConnection, ...]

    def script(self, *, speed: float = 1.0) -> list[Steps]:
        """Return it as a script for `SSEServer`. A redirect then leads to the same path on that server.

        Args:
            speed: how many times faster than it was; `math.inf` for at once.

        Raises:
            sse_core.InvalidArgument: `speed` is not above 0.
        """
        return self._steps(speed, one_server=True)

    def transport(self, *, clock: Clock | None = None, speed: float | None = None) -> ScriptedTransport:
        """Return a transport for `EventSource` that replays it. A redirect leads where it led.

        Args:
            clock: what its time is measured on. Not given, a `VirtualClock`, on which it takes no
                time; or the system's, if there is a `speed`.
            speed: how many times faster than it was; None for as it was.

        Raises:
            sse_core.InvalidArgument: naming the argument.

        Iterating a source raises:
            UnexpectedRequest: it asked for more connections than were recorded, as after one that the
                client had left. Give the source an `until`, or `retry=None`.
        """
        transport = ScriptedTransport(
            self._steps(1.0 if speed is None else speed, one_server=False), clock=_clock_for(clock, speed)
        )
        transport.replays()
        return transport

    def async_transport(
        self, *, clock: Clock | None = None, speed: float | None = None
    ) -> AsyncScriptedTransport:
        """Return a transport for `AsyncEventSource` that replays it. See `transport`."""
        from . import AsyncScriptedTransport

        transport = AsyncScriptedTransport(
            self._steps(1.0 if speed is None else speed, one_server=False), clock=_clock_for(clock, speed)
        )
        transport.replays()
        return transport

    def _steps(self, speed: float, *, one_server: bool) -> list[Steps]:
        # Written so that NaN fails too.
        if not speed > 0:
            raise InvalidArgument("speed", f"expected a number above 0, not {speed!r}")
        return [connection.steps(speed=speed, one_server=one_server) for connection in self.connections]


def _clock_for(clock: Clock | None, speed: float | None) -> Clock | None:
    return SystemClock() if clock is None and speed is not None else clock


def _pause(seconds: float, speed: float) -> Sleep:
    # To the microsecond, as times are written: 64.1 - 4.1 is a little less than 60, and would be no silence.
    return Sleep(round(seconds / speed, 6))


def _without_origin(location: str) -> str:
    try:
        _, _, path, query, _ = urlsplit(location)
    except ValueError:
        # No URL, for the client of a replay neither.
        return location
    return urlunsplit(("", "", path or "/", query, ""))
