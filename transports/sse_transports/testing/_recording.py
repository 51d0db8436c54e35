"""A recording as frozen values, which can be replayed as a transport or as a script."""

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
"""Headers about how the body was framed and encoded. The recorded bytes are without that."""


@dataclass(frozen=True, slots=True)
class RecordedChunk:
    """Bytes that were read at once.

    Attributes:
        seconds: since the response headers.
        data: the bytes, content encoding decoded.
    """

    seconds: float
    data: bytes


@dataclass(frozen=True, slots=True)
class RecordedConnection:
    """One request and its response or failure.

    Attributes:
        time: when it was sent, in ISO 8601, UTC.
        method: the request's method.
        url: the requested URL, without password and query.
        request_headers: the request's headers, without secrets.
        seconds: from the request to the response headers, or to the failure.
        status: the response's status; None if there was no response.
        headers: the response's headers, without secrets.
        chunks: the response's body.
        end: how it ended: `"complete"`, a clean end; `"lost"`, the connection was dropped; `"silent"`,
            nothing arrived for the idle timeout; `"left"`, the client closed it; or `"refused"`, there
            was no response.
        ended: seconds from the response headers to the end.
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
        """Return the steps with which a server does the same.

        Args:
            speed: the factor by which it is faster than the original.
            one_server: whether one server plays all connections. A redirect then has no other origin to
                lead to and keeps only its path and query.
        """
        steps: list[Step] = [_sleep(self.seconds, speed)]
        if self.status is None:
            return [*steps, Refuse()]
        steps.append(self.status)
        # One mapping for each header, because a name may come twice.
        steps += [
            {name: _without_origin(value) if one_server and name.lower() == "location" else value}
            for name, value in self.headers
            if name.lower() not in FRAMING
        ]
        seconds = 0.0
        for chunk in self.chunks:
            steps += [_sleep(chunk.seconds - seconds, speed), chunk.data]
            seconds = chunk.seconds
        if self.end == "left":
            # The rest of the stream is unknown.
            steps.append(End())
        else:
            # Silence becomes a lost connection: a client without an idle timeout must not wait forever.
            steps += [
                _sleep(self.ended - seconds, speed),
                End() if self.end == "complete" else Cut(),
            ]
        return [step for step in steps if not (isinstance(step, Sleep) and not step.seconds)]


@dataclass(frozen=True, slots=True)
class Recording:
    """The content of a file that `record` wrote.

    Attributes:
        connections: one for each request, redirects and failures included.
    """

    connections: tuple[RecordedConnection, ...]

    def script(self, *, speed: float = 1.0) -> list[Steps]:
        """Return a script for `SSEServer`. A redirect leads to the same path on that server.

        Args:
            speed: the factor by which it is faster than the original; `math.inf` for no waiting.

        Raises:
            sse_core.InvalidArgument: `speed` is not above 0.
        """
        return self._steps(speed, one_server=True)

    def transport(self, *, clock: Clock | None = None, speed: float | None = None) -> ScriptedTransport:
        """Return a transport for `EventSource` that replays it. Redirects lead where they led.

        Args:
            clock: measures its time. Default: a `VirtualClock`, on which the replay takes no time; with a
                `speed`, the system's clock.
            speed: the factor by which it is faster than the original; None for the original speed.

        Raises:
            sse_core.InvalidArgument: naming the argument.

        Iterating a source raises:
            UnexpectedRequest: it made more requests than were recorded, for instance after a connection
                that the client had closed. Give the source an `until`, or `retry=None`.
        """
        transport = ScriptedTransport(
            self._steps(1.0 if speed is None else speed, one_server=False), clock=_clock_for(clock, speed)
        )
        transport.script_name = "recording"
        return transport

    def async_transport(
        self, *, clock: Clock | None = None, speed: float | None = None
    ) -> AsyncScriptedTransport:
        """Return a transport for `AsyncEventSource` that replays it. See `transport`."""
        from . import AsyncScriptedTransport

        transport = AsyncScriptedTransport(
            self._steps(1.0 if speed is None else speed, one_server=False), clock=_clock_for(clock, speed)
        )
        transport.script_name = "recording"
        return transport

    def _steps(self, speed: float, *, one_server: bool) -> list[Steps]:
        # Written so that NaN fails too.
        if not speed > 0:
            raise InvalidArgument("speed", f"expected a number above 0, not {speed!r}")
        return [connection.steps(speed=speed, one_server=one_server) for connection in self.connections]


def _clock_for(clock: Clock | None, speed: float | None) -> Clock | None:
    return SystemClock() if clock is None and speed is not None else clock


def _sleep(seconds: float, speed: float) -> Sleep:
    # Rounded to the microsecond, as in the file: 64.1 - 4.1 is a little less than 60, and would not reach an
    # idle timeout of 60 seconds.
    return Sleep(round(seconds / speed, 6))


def _without_origin(location: str) -> str:
    try:
        _, _, path, query, _ = urlsplit(location)
    except ValueError:
        # An invalid URL stays one, so that a replay fails as the original did.
        return location
    return urlunsplit(("", "", path or "/", query, ""))
