"""The blocking event source: a loop that takes the steps of `sse_core.Connection`, and nothing more."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TypedDict, Unpack, overload

from sse_core import (
    Comment,
    Connect,
    Decide,
    Event,
    IllegalState,
    Pause,
    Read,
    ReadBody,
    ReadError,
    Request,
    Response,
    RetryPolicy,
    SSEError,
    State,
    StateChange,
    Stop,
    Wait,
)

from ._clock import Clock, clock_for
from ._driver import (
    INTERRUPTED,
    Command,
    Driver,
    Ended,
    Headers,
    Item,
    Step,
    check_hooks,
    check_plain,
    check_transport,
)
from ._interface import Exchange, Transport
from ._log import log, without_secrets
from ._stores import Store
from ._urllib import UrllibTransport


class Options(TypedDict, total=False):
    """The keyword arguments of `EventSource`, but for `comments`, in types."""

    method: str
    headers: Headers | Callable[[], Headers] | None
    json: object
    content: bytes | str | None
    last_event_id: str
    retry: RetryPolicy | None
    idle_timeout: float | None
    timeout: float | None
    max_event_size: int
    until: str | Callable[[Event], bool] | None
    store: Store | None
    transport: Transport | None
    on_open: Callable[[Response], object] | None
    on_error: Callable[[SSEError], float | None] | None
    on_state: Callable[[StateChange], object] | None
    sensitive_headers: Iterable[str]
    clock: Clock | None


class EventSource(Driver[Item]):
    """Reads an event stream, over as many connections as it takes: iterate to get its events.

    Nothing is sent before the first event is asked for. One thread may iterate; any thread may call
    `close`, `reconnect`, `pause` and `resume`. An iteration that was left can be gone on with. Use it
    as a context manager, or call `close`, so that no connection is left open.

    Args:
        url: http or https. `user:password@` in it becomes an Authorization header.
        method: the HTTP method. GET and other safe methods are sent again after a failure, others
            (POST) are not, unless `retry` says so: a model would be asked, and paid, twice.
        headers: header fields, or a function that returns them and is called before each attempt,
            so that a token can be fresh. They win over our own.
        json: a body, written as JSON.
        content: a body, as bytes or str, instead of `json`.
        last_event_id: where to begin, from an earlier run. Not given, `store` is asked.
        retry: what to do at ends and failures; None never reconnects.
        idle_timeout: seconds without a single byte, after which the connection counts as lost; None
            waits for ever.
        timeout: seconds for connecting and waiting for the response's head; None for no limit. It
            never limits the stream. Looking a name up is the system resolver's: neither this nor
            `close` ends that.
        max_event_size: bytes that one event may have.
        until: the `data` of the event that ends the stream (`"[DONE]"`), or a function that tells
            it. That event is not yielded.
        comments: whether comments are yielded too, as `Comment`.
        store: keeps the last event ID over restarts; saved to when the next event is asked for, so
            that an event whose processing failed comes again.
        transport: the HTTP client. It stays the caller's to close. Not given, `UrllibTransport`.
        on_open: called with the `Response` of each stream; may raise to reject it, which ends the
            iteration with that error.
        on_error: called with each error before the policy decides; may return seconds after which
            to try again, whatever the error, while `max_attempts` and `max_elapsed` of `retry` allow
            any; None, to let the policy decide; or raise, to end the iteration with that error.
        on_state: called with each `StateChange`. Also logged, to "sse_transports". An error it raises
            ends the iteration, or surfaces in the call of `close` or `pause` that led to it.
        sensitive_headers: names of further headers that a redirect to another origin must not get.
        clock: what tells the time and the jitter, and lets waits pass: for tests, a
            `testing.VirtualClock`. Not given, the transport's own `clock` if it has one (as a
            `testing.ScriptedTransport` has), else the system's.

    Raises:
        sse_core.InvalidArgument: naming the argument.
        OSError: the `store` cannot be read.

    Iterating raises:
        sse_core.ResponseError: the server's answer is no event stream.
        sse_core.StreamError: an event is too large, or the stream ended before its end.
        sse_core.TransportError: the network failed, and the request is not to be sent again.
        sse_core.RetriesExhausted: the policy's limit is reached.
        sse_core.IllegalState: another iteration is going on.
        sse_core.InvalidArgument: header fields, or seconds returned by `on_error`, that cannot be used.
        OSError: the `store` cannot be written.
        Exception: whatever `headers`, `until` or a hook raises.

    WHATWG HTML 9.2.2 and 9.2.3.
    """

    if TYPE_CHECKING:
        # The one thing that a plain signature cannot tell: `comments` decides what is iterated.
        @overload
        def __init__(
            self: EventSource[Event], url: str, *, comments: Literal[False] = ..., **options: Unpack[Options]
        ) -> None: ...
        @overload
        def __init__(
            self: EventSource[Event | Comment], url: str, *, comments: bool, **options: Unpack[Options]
        ) -> None: ...

    def __init__(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Headers | Callable[[], Headers] | None = None,
        json: object = None,
        content: bytes | str | None = None,
        last_event_id: str = "",
        retry: RetryPolicy | None = RetryPolicy(),  # noqa: B008  # frozen
        idle_timeout: float | None = None,
        timeout: float | None = 60.0,
        max_event_size: int = 32 * 2**20,
        until: str | Callable[[Event], bool] | None = None,
        comments: bool = False,
        store: Store | None = None,
        transport: Transport | None = None,
        on_open: Callable[[Response], object] | None = None,
        on_error: Callable[[SSEError], float | None] | None = None,
        on_state: Callable[[StateChange], object] | None = None,
        sensitive_headers: Iterable[str] = (),
        clock: Clock | None = None,
    ) -> None:
        super().__init__(
            url,
            method=method,
            headers=headers,
            json=json,
            content=content,
            last_event_id=last_event_id,
            retry=retry,
            idle_timeout=idle_timeout,
            timeout=timeout,
            max_event_size=max_event_size,
            until=until,
            comments=comments,
            store=store,
            sensitive_headers=sensitive_headers,
            clock=clock_for(clock, transport),
        )
        check_hooks(on_open=on_open, on_error=on_error, on_state=on_state)
        check_plain(headers=headers, on_open=on_open, on_error=on_error, on_state=on_state)
        check_transport(transport, is_async=False)
        self._headers = headers
        self._owns_transport = transport is None
        self._transport: Transport = UrllibTransport() if transport is None else transport
        self._on_open = on_open
        self._on_error = on_error
        self._on_state = on_state
        # One iteration at a time.
        self._iteration = threading.Lock()
        # Held by whoever takes steps. What others want is left in `_command`, under `_wish`.
        self._turn = threading.Lock()
        # Reentrant, and no Condition: a signal handler may call `close` in the thread that waits, at any
        # point of its waiting. A knock left in a queue is not missed by who is only about to listen.
        self._wish = threading.RLock()
        self._knocks: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._exchange: Exchange | None = None

    # What a caller can ask and tell, from any thread.

    def close(self) -> None:
        """End it now, for good: the iteration ends, also one that is reading, connecting or waiting.

        Events that have arrived and were not asked for yet are dropped; `last_event_id` is before
        them. More than once is fine.
        """
        self._tell(Command.CLOSE)

    def reconnect(self) -> None:
        """Drop the connection, or the wait, and open a new one now.

        Events that have arrived are yielded first, and the new connection goes on behind them. A
        POST is sent again by this, because the caller says so. When closed, this does nothing.
        """
        self._tell(Command.RECONNECT)

    def pause(self) -> None:
        """Drop the connection and have none until `resume`, as a browser does for a hidden page.

        Events that have arrived are yielded, then the iteration waits. When closed, this does nothing.
        """
        self._tell(Command.PAUSE)

    def resume(self) -> None:
        """Go on after `pause`, behind the last event. When not paused, this does nothing."""
        with self._wish:
            paused = self._command is Command.PAUSE or self._connection.state is State.PAUSED
        if paused:
            self._tell(Command.RECONNECT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # An abandoned source must not keep its connection. (`_exchange` is missing if `__init__` raised.)
        exchange = getattr(self, "_exchange", None)
        if exchange is not None:
            exchange.close()

    def __repr__(self) -> str:
        return f"<EventSource {without_secrets(self.url)} {self.ready_state.name}>"

    # The loop.

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        if not self._iteration.acquire(blocking=False):
            raise IllegalState("another iteration of this EventSource is going on")
        before = self._last_event_id
        try:
            # What is at hand takes no step: most events of a busy stream are, and a lock for each costs.
            if self._command is None and self._store is None:
                event = self._at_hand()
                if event is not None:
                    return event
            # Another thread may have it for a moment, to obey a command.
            with self._turn:
                return self._next()
        finally:
            self._iteration.release()
            if self._command is not None:
                self._settle_later(before)

    def _next(self) -> Item:
        try:
            if self._store is not None:
                # Asking for the next event says that the last one was processed.
                self._save(self._store)
            while True:
                if self._command is Command.CLOSE:
                    self._obey()
                event = self._at_hand()
                if event is not None:
                    return event
                self._last_event_id = self._id_behind_events
                if self._quiet and self._command is None and isinstance(self._step, Read):
                    self._step = self._read()
                else:
                    self._quiet = False
                    self._obey()
                    self._report()
                    self._step = self._take(self._step)
        except Ended:
            raise StopIteration from None
        except StopIteration as error:
            # A hook's own slip must not look like the end (PEP 479 is the same, for generators).
            self._abandon(error)
            raise RuntimeError("a hook raised StopIteration") from error
        except BaseException as error:
            self._abandon(error)
            raise

    def _take(self, step: Step) -> Step:
        match step:
            case Read():
                return self._read()
            case Connect(request):
                return self._open(request)
            case ReadBody(limit, timeout):
                body = self._read_body(limit, timeout)
                return self._connection.refuse(body, epoch=self._clock.epoch())
            case Decide(cause):
                return self._decide(cause)
            case Wait(delay):
                return self._connect() if self._slept(delay) else step
            case Pause():
                self._slept(None)
                return step
            case Stop(error):
                self._finish()
                raise Ended if error is None else error

    def _connect(self) -> Step:
        headers = self._headers() if callable(self._headers) else self._headers
        return self._connection.connect(headers)

    def _open(self, request: Request) -> Step:
        self._drop()
        exchange = self._transport.exchange(request, timeout=self._timeout)
        with self._wish:
            self._exchange = exchange
            if self._command is not None:
                return self._step
        try:
            response = exchange.open()
        except SSEError as error:
            return self._failed(error)
        step = self._connection.respond(response)
        if self._on_open is not None and self._connection.state is State.OPEN:
            self._on_open(response)
        return step

    def _read(self) -> Step:
        try:
            data = self._the_exchange().read(self._idle_timeout)
        except SSEError as error:
            return self._failed(error)
        return self._received(data)

    def _read_body(self, limit: int, timeout: float) -> bytes:
        """Read the start of an error's body: what there is of it in time."""
        body = b""
        deadline = self._clock.monotonic() + timeout
        try:
            while len(body) < limit:
                left = deadline - self._clock.monotonic()
                data = self._the_exchange().read(left) if left > 0 else b""
                if not data:
                    break
                body += data
        except SSEError:
            # The answer is an error as it is; that its text is cut short is no second one.
            pass
        return body

    def _decide(self, cause: SSEError | None) -> Step:
        self._drop()
        delay = None
        if cause is not None and self._on_error is not None:
            delay = self._on_error(cause)
        clock = self._clock
        return self._connection.decide(monotonic=clock.monotonic(), random=clock.random(), delay=delay)

    def _slept(self, seconds: float | None) -> bool:
        """Wait, if need be for ever; return False if a command came first."""
        if seconds is not None and self._command is None:
            seconds = self._clock.pass_time(seconds)
        end = None if seconds is None else time.monotonic() + min(seconds, threading.TIMEOUT_MAX)
        while self._command is None:
            left = None if end is None else min(end - time.monotonic(), threading.TIMEOUT_MAX)
            if left is not None and left <= 0:
                return True
            # A knock may be an old one; then the wait goes on.
            with contextlib.suppress(queue.Empty):
                self._knocks.get(timeout=left)
        return False

    # Commands: left by one thread, obeyed by the one that has the turn.

    def _tell(self, command: Command) -> None:
        with self._wish:
            over = self._connection.state is State.CLOSED or self._command is Command.CLOSE
            if over and command is not Command.CLOSE:
                return
            # Also where it is so already: whoever closed before may have been interrupted.
            self._command = command
            exchange = self._exchange
        self._knocks.put(None)
        if exchange is not None:
            # Wakes whoever reads from it. When nobody does, it is closed by this.
            exchange.close()
        self._settle()

    def _settle(self, *, report: bool = True) -> None:
        """Obey what can be obeyed without a connection, if nobody iterates."""
        while self._command in (Command.CLOSE, Command.PAUSE) and self._turn.acquire(blocking=False):
            try:
                self._obey()
                if report:
                    self._report()
            finally:
                self._turn.release()

    def _settle_later(self, before: str) -> None:
        """Settle when an event is on its way out; hooks are told when the next one is asked for.

        What they do, or raise, must not take the event's place. If something does, the event was not
        yielded, and the last event ID is what it was before.
        """
        try:
            self._settle(report=False)
        except BaseException as error:
            self._last_event_id = before
            self._abandon(error)
            raise

    def _obey(self) -> None:
        # It stays in place until it is carried out, so that what others see and ask meanwhile fits.
        command = self._command
        if command is Command.CLOSE:
            self._discard()
            self._step = self._connection.close()
            self._finish()
        elif command is not None and self._connection.state is not State.CLOSED:
            self._drop()
            self._step = self._connection.pause() if command is Command.PAUSE else self._connect()
        with self._wish:
            if self._command is command:
                self._command = None

    # What steps are made of.

    def _save(self, store: Store) -> None:
        if self._last_event_id != self._saved_id:
            store.save(self._last_event_id)
            self._saved_id = self._last_event_id

    def _report(self) -> None:
        for change in self._connection.changes():
            log(change)
            if self._on_state is not None:
                self._on_state(change)

    def _the_exchange(self) -> Exchange:
        if self._exchange is None:
            raise ReadError("there is no connection")
        return self._exchange

    def _drop(self) -> None:
        with self._wish:
            exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.close()

    def _finish(self) -> None:
        self._drop()
        if self._owns_transport:
            self._transport.close()

    def _abandon(self, error: BaseException) -> None:
        """Leave nothing open when an error ends the iteration: the caller's, a hook's or our own."""
        cause = error if isinstance(error, Exception) else None
        self._connection.close(cause)
        self._command = None
        # Whoever goes on after an interrupt is told that this is no end of the stream.
        self._step = Stop(cause or IllegalState(INTERRUPTED))
        self._discard()
        self._finish()
        # The error that is on its way is the one to surface, not another one of a hook.
        with contextlib.suppress(Exception):
            self._report()
