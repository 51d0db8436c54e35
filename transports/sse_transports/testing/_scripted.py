"""A transport that plays a script, without a socket."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Sequence
from time import monotonic
from types import TracebackType
from typing import Self

from sse_core import Event, Request, Response

from .._clock import Clock, check_clock
from .._exchanges import closed, not_open
from ._playing import Playing, Result, Work
from ._requests import Scripted
from ._script import Script
from ._virtual_clock import VirtualClock


class ScriptedTransport(Scripted):
    """Answers the requests of an `EventSource` as a script says: the first by its first connection.

    There is no socket and, on a virtual clock, no waiting. An `EventSource` that is given this
    transport, and no clock, takes this one's.

    Args:
        script: a list of connections, each a list of steps: a status, headers, bytes, an `Event`, a
            `Comment`, a `Sleep`, ... Each ends with `End`, `Cut`, `Reset`, `Stall`, `NoAnswer` or `Refuse`,
            or properly.
        history: the events for steps that say `History`; each has an ID.
        clock: what pauses, timeouts and idle timeouts are measured on. Not given, a new `VirtualClock`.

    Raises:
        sse_core.InvalidArgument: a step that cannot be played; says which. Also a history or a clock
            that is none.

    Iterating a source raises:
        UnexpectedRequest: it asked for more connections than there are.

    Attributes:
        requests: the requests it got, in order.
        clock: its clock.
    """

    def __init__(self, script: Script, *, history: Sequence[Event] = (), clock: Clock | None = None) -> None:
        super().__init__(script, history)
        self.clock: Clock = VirtualClock() if clock is None else clock
        check_clock(self.clock)

    def exchange(self, request: Request, *, timeout: float | None) -> ScriptedExchange:
        """Return an exchange for `request`. See `Transport`."""
        return ScriptedExchange(self, request, timeout)

    def close(self) -> None:
        """Nothing is kept between exchanges."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class ScriptedExchange:
    """One request and its scripted response. See `Exchange`."""

    def __init__(self, transport: ScriptedTransport, request: Request, timeout: float | None) -> None:
        self._transport = transport
        self._request = request
        self._timeout = timeout
        self._playing: Playing | None = None
        self._closed = False
        # As in the event source: a signal handler may call `close` in the thread that waits.
        self._knocks: queue.SimpleQueue[None] = queue.SimpleQueue()

    def open(self) -> Response:
        """Note the request and return the response's head. See `Exchange.open`."""
        self._check()
        plan = self._transport.asked(self._request)
        self._playing = Playing(plan, self._request, self._timeout, self._transport.clock)
        return self._done(self._playing, self._playing.opening())

    def read(self, timeout: float | None) -> bytes:
        """Return the next chunk. See `Exchange.read`."""
        self._check()
        if self._playing is None:
            raise not_open()
        return self._done(self._playing, self._playing.reading(timeout))

    def close(self) -> None:
        """End it, at any moment, from any thread. See `Exchange.close`."""
        self._closed = True
        self._knocks.put(None)

    def _check(self) -> None:
        if self._closed:
            raise closed()

    def _done(self, playing: Playing, work: Work[Result]) -> Result:
        while True:
            try:
                seconds = next(work)
            except StopIteration as end:
                result: Result = end.value
                return result
            self._wait(playing.patience if seconds is None else seconds)
            self._check()
            if seconds is None:
                raise playing.hung()

    def _wait(self, seconds: float | None) -> None:
        end = None if seconds is None else monotonic() + seconds
        while not self._closed:
            left = None if end is None else end - monotonic()
            if left is not None and left <= 0:
                return
            with contextlib.suppress(queue.Empty):
                self._knocks.get(timeout=left)
