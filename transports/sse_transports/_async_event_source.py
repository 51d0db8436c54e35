"""The async event source, for asyncio and trio: the twin of `EventSource`, line for line."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from itertools import islice
from operator import length_hint
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TypedDict, TypeVar, Unpack, overload

import anyio
import anyio.lowlevel

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
from ._default_transport import default_transport
from ._driver import (
    INTERRUPTED,
    Command,
    Driver,
    Ended,
    Headers,
    Item,
    Step,
    check_hooks,
    check_transport,
)
from ._interface import AsyncExchange, AsyncTransport
from ._log import log, without_secrets
from ._stores import Store
from ._turn import Turn

Value = TypeVar("Value")

CLOSE_SECONDS = 5.0
"""How long giving back a connection may take, which nothing interrupts."""

AT_ONCE = 64
"""How many events, reads, or KiB of them may follow each other before other tasks get a turn."""

UNENTERED = "iterate it inside of `async with`, which closes it whatever happens"


class AsyncOptions(TypedDict, total=False):
    """The keyword arguments of `AsyncEventSource`, but for `comments`, in types."""

    method: str
    headers: Headers | Callable[[], Headers | Awaitable[Headers]] | None
    json: object
    content: bytes | str | None
    last_event_id: str
    retry: RetryPolicy | None
    idle_timeout: float | None
    timeout: float | None
    max_event_size: int
    until: str | Callable[[Event], bool] | None
    store: Store | None
    transport: AsyncTransport | None
    on_open: Callable[[Response], object] | None
    on_error: Callable[[SSEError], float | Awaitable[float | None] | None] | None
    on_state: Callable[[StateChange], object] | None
    sensitive_headers: Iterable[str]
    clock: Clock | None


class AsyncEventSource(Driver[Item]):
    """Reads an event stream, over as many connections as it takes: iterate to get its events.

    Runs on asyncio and on trio. Use it with `async with`: leaving that closes the connection, whatever
    the reason. Nothing is sent before the first event is asked for. One task may iterate; any task of
    the same event loop may call `close`, `reconnect`, `pause` and `resume`. An iteration that was left
    can be gone on with. One that was cancelled, while it waited for an event, has closed the source: to
    wait no longer than some time, set `idle_timeout`.

    Args:
        url: http or https. `user:password@` in it becomes an Authorization header.
        method: the HTTP method. GET and other safe methods are sent again after a failure, others
            (POST) are not, unless `retry` says so: a model would be asked, and paid, twice.
        headers: header fields, or a function that returns them and is called before each attempt,
            so that a token can be fresh. They win over our own. The function may be async.
        json: a body, written as JSON.
        content: a body, as bytes or str, instead of `json`.
        last_event_id: where to begin, from an earlier run. Not given, `store` is asked.
        retry: what to do at ends and failures; None never reconnects.
        idle_timeout: seconds without a single byte, after which the connection counts as lost; None
            waits for ever.
        timeout: seconds for connecting and waiting for the response's head; None for no limit. It
            never limits the stream.
        max_event_size: bytes that one event may have.
        until: the `data` of the event that ends the stream (`"[DONE]"`), or a function that tells
            it. That event is not yielded.
        comments: whether comments are yielded too, as `Comment`.
        store: keeps the last event ID over restarts; saved to when the next event is asked for, so
            that an event whose processing failed comes again. Saving is done in a worker thread.
        transport: the HTTP client. It stays the caller's to close. Not given, `AiohttpTransport` on
            asyncio and `AsyncHttpx2Transport` on trio.
        on_open: called with the `Response` of each stream; may raise to reject it, which ends the
            iteration with that error. This and the other hooks may be async.
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
        sse_core.IllegalState: another iteration is going on, one was interrupted, or there is no
            `async with` around it.
        sse_core.InvalidArgument: header fields, or seconds returned by `on_error`, that cannot be used.
        OSError: the `store` cannot be written.
        Exception: whatever `headers`, `until` or a hook raises.

    WHATWG HTML 9.2.2 and 9.2.3.
    """

    if TYPE_CHECKING:
        # The one thing that a plain signature cannot tell: `comments` decides what is iterated.
        @overload
        def __init__(
            self: AsyncEventSource[Event],
            url: str,
            *,
            comments: Literal[False] = ...,
            **options: Unpack[AsyncOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: AsyncEventSource[Event | Comment],
            url: str,
            *,
            comments: bool,
            **options: Unpack[AsyncOptions],
        ) -> None: ...

    def __init__(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Headers | Callable[[], Headers | Awaitable[Headers]] | None = None,
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
        transport: AsyncTransport | None = None,
        on_open: Callable[[Response], object] | None = None,
        on_error: Callable[[SSEError], float | Awaitable[float | None] | None] | None = None,
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
        check_transport(transport, is_async=True)
        self._headers = headers
        self._owns_transport = transport is None
        # Which one it is by default, only a running event loop can tell.
        self._transport = transport
        self._on_open = on_open
        self._on_error = on_error
        self._on_state = on_state
        self._entered = False
        # One iteration at a time.
        self._iterating = False
        # Held by whoever takes steps. What others want is left in `_command`.
        self._turn = Turn()
        self._knock: anyio.Event | None = None
        # How much was handed over, or is at hand, since other tasks had a turn.
        self._run = 0
        self._exchange: AsyncExchange | None = None

    # What a caller can ask and tell, from any task.

    async def close(self) -> None:
        """End it now, for good: the iteration ends, also one that is reading, connecting or waiting.

        Events that have arrived and were not asked for yet are dropped; `last_event_id` is before
        them. More than once is fine.
        """
        await self._tell(Command.CLOSE)

    async def reconnect(self) -> None:
        """Drop the connection, or the wait, and open a new one now.

        Events that have arrived are yielded first, and the new connection goes on behind them. A
        POST is sent again by this, because the caller says so. When closed, this does nothing.
        """
        await self._tell(Command.RECONNECT)

    async def pause(self) -> None:
        """Drop the connection and have none until `resume`, as a browser does for a hidden page.

        Events that have arrived are yielded, then the iteration waits. When closed, this does nothing.
        """
        await self._tell(Command.PAUSE)

    async def resume(self) -> None:
        """Go on after `pause`, behind the last event. When not paused, this does nothing."""
        paused = self._command is Command.PAUSE or self._connection.state is State.PAUSED
        if paused:
            await self._tell(Command.RECONNECT)

    async def __aenter__(self) -> Self:
        self._entered = True
        if self._transport is None:
            self._transport = default_transport()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
        # Another task may still be on its way out of what it was doing.
        with anyio.move_on_after(CLOSE_SECONDS, shield=True):
            async with self._turn:
                pass

    def __repr__(self) -> str:
        return f"<AsyncEventSource {without_secrets(self.url)} {self.ready_state.name}>"

    # The loop.

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        if self._iterating:
            raise IllegalState("another iteration of this AsyncEventSource is going on")
        # What is at hand takes no step: most events of a busy stream are, and a lock for each costs.
        if self._command is None and self._store is None:
            event = self._at_hand()
            if event is not None:
                return event
        if not self._entered:
            raise IllegalState(UNENTERED)
        self._iterating = True
        before = self._last_event_id
        try:
            # Another task may have it for a moment, to obey a command.
            async with self._turn:
                return await self._next()
        finally:
            self._iterating = False
            if self._command is not None:
                await self._settle_later(before)

    async def _next(self) -> Item:
        try:
            if self._store is not None:
                # Asking for the next event says that the last one was processed.
                await self._save(self._store)
            while True:
                if self._command is Command.CLOSE:
                    await self._obey()
                event = self._at_hand()
                if event is not None:
                    return event
                if self._run >= AT_ONCE:
                    # Before the next event is taken, so that a cancellation loses none.
                    await anyio.lowlevel.checkpoint()
                    self._run = length_hint(self._arrived)
                    self._events = islice(self._arrived, AT_ONCE)
                    continue
                self._last_event_id = self._id_behind_events
                if self._quiet and self._command is None and isinstance(self._step, Read):
                    self._step = await self._read()
                else:
                    self._quiet = False
                    await self._obey()
                    await self._report()
                    self._step = await self._take(self._step)
        except Ended:
            raise StopAsyncIteration from None
        except StopAsyncIteration as error:
            # A hook's own slip must not look like the end (PEP 479 is the same, for generators).
            await self._abandon(error)
            raise RuntimeError("a hook raised StopAsyncIteration") from error
        except GeneratorExit:
            # The event loop is gone, and nothing can be waited for.
            raise
        except BaseException as error:
            await self._abandon(error)
            raise

    async def _take(self, step: Step) -> Step:
        match step:
            case Read():
                return await self._read()
            case Connect(request):
                return await self._open(request)
            case ReadBody(limit, timeout):
                body = await self._read_body(limit, timeout)
                return self._connection.refuse(body, epoch=self._clock.epoch())
            case Decide(cause):
                return await self._decide(cause)
            case Wait(delay):
                return await self._connect() if await self._slept(delay) else step
            case Pause():
                await self._slept(None)
                return step
            case Stop(error):
                await self._finish()
                raise Ended if error is None else error

    async def _connect(self) -> Step:
        headers = await _result(self._headers()) if callable(self._headers) else self._headers
        return self._connection.connect(headers)

    async def _open(self, request: Request) -> Step:
        await self._drop()
        exchange = self._the_transport().exchange(request, timeout=self._timeout)
        self._exchange = exchange
        if self._command is not None:
            return self._step
        try:
            response = await exchange.open()
        except SSEError as error:
            return self._failed(error)
        step = self._connection.respond(response)
        if self._on_open is not None and self._connection.state is State.OPEN:
            await _result(self._on_open(response))
        return step

    async def _read(self) -> Step:
        try:
            data = await self._the_exchange().read(self._idle_timeout)
        except SSEError as error:
            return self._failed(error)
        step = self._received(data)
        # Whether it had to wait for them, and others had their turn, nobody can tell.
        self._run += (length_hint(self._events) or 1) + (len(data) >> 10)
        if self._run > AT_ONCE:
            self._arrived = self._events
            self._events = islice(self._arrived, AT_ONCE)
        return step

    async def _read_body(self, limit: int, timeout: float) -> bytes:
        """Read the start of an error's body: what there is of it in time."""
        body = b""
        deadline = self._clock.monotonic() + timeout
        try:
            while len(body) < limit:
                left = deadline - self._clock.monotonic()
                data = await self._the_exchange().read(left) if left > 0 else b""
                if not data:
                    break
                body += data
        except SSEError:
            # The answer is an error as it is; that its text is cut short is no second one.
            pass
        return body

    async def _decide(self, cause: SSEError | None) -> Step:
        await self._drop()
        delay = None
        if cause is not None and self._on_error is not None:
            delay = await _result(self._on_error(cause))
        clock = self._clock
        return self._connection.decide(monotonic=clock.monotonic(), random=clock.random(), delay=delay)

    async def _slept(self, seconds: float | None) -> bool:
        """Wait, if need be for ever; return False if a command came first."""
        knock = self._knock = anyio.Event()
        if self._command is None:
            if seconds is not None:
                seconds = self._clock.pass_time(seconds)
            with anyio.move_on_after(seconds):
                await knock.wait()
        # Not kept while a stream is read: thousands of streams have one each.
        self._knock = None
        return self._command is None

    # Commands: left by one task, obeyed by the one that has the turn.

    async def _tell(self, command: Command) -> None:
        over = self._connection.state is State.CLOSED or self._command is Command.CLOSE
        if over and command is not Command.CLOSE:
            return
        # Also where it is so already: whoever closed before may have been interrupted.
        self._command = command
        if self._knock is not None:
            self._knock.set()
        if self._exchange is not None:
            # Wakes whoever reads from it. When nobody does, it is closed by this.
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await self._exchange.close()
        await self._settle()

    async def _settle(self, *, report: bool = True) -> None:
        """Obey what can be obeyed without a connection, if nobody iterates."""
        while self._command in (Command.CLOSE, Command.PAUSE) and self._turn.take():
            try:
                await self._obey()
                if report:
                    await self._report()
            finally:
                self._turn.free()

    async def _settle_later(self, before: str) -> None:
        """Settle when an event is on its way out; hooks are told when the next one is asked for.

        What they do, or raise, must not take the event's place. If something does, the event was not
        yielded, and the last event ID is what it was before.
        """
        try:
            await self._settle(report=False)
        except BaseException as error:
            self._last_event_id = before
            await self._abandon(error)
            raise

    async def _obey(self) -> None:
        # It stays in place until it is carried out, so that what others see and ask meanwhile fits.
        command = self._command
        if command is Command.CLOSE:
            self._discard()
            self._step = self._connection.close()
            await self._finish()
        elif command is not None and self._connection.state is not State.CLOSED:
            await self._drop()
            self._step = self._connection.pause() if command is Command.PAUSE else await self._connect()
        if self._command is command:
            self._command = None

    # What steps are made of.

    async def _save(self, store: Store) -> None:
        if self._last_event_id != self._saved_id:
            await anyio.to_thread.run_sync(store.save, self._last_event_id)
            self._saved_id = self._last_event_id

    async def _report(self) -> None:
        for change in self._connection.changes():
            log(change)
            if self._on_state is not None:
                await _result(self._on_state(change))

    def _the_exchange(self) -> AsyncExchange:
        if self._exchange is None:
            raise ReadError("there is no connection")
        return self._exchange

    def _the_transport(self) -> AsyncTransport:
        if self._transport is None:
            raise IllegalState(UNENTERED)
        return self._transport

    async def _drop(self) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await exchange.close()

    async def _finish(self) -> None:
        await self._drop()
        if self._owns_transport and self._transport is not None:
            with anyio.move_on_after(CLOSE_SECONDS, shield=True):
                await self._transport.close()

    async def _abandon(self, error: BaseException) -> None:
        """Leave nothing open when an error ends the iteration: the caller's, a hook's or our own."""
        cause = error if isinstance(error, Exception) else None
        self._connection.close(cause)
        self._command = None
        # Whoever goes on after an interrupt is told that this is no end of the stream.
        self._step = Stop(cause or IllegalState(INTERRUPTED))
        self._discard()
        await self._finish()
        # The error that is on its way is the one to surface, not another one of a hook.
        with contextlib.suppress(Exception), anyio.move_on_after(CLOSE_SECONDS, shield=True):
            await self._report()


async def _result(value: Value | Awaitable[Value]) -> Value:
    """Return what a plain function returned, or an async one is going to."""
    return await value if inspect.isawaitable(value) else value
