"""The async event source, for asyncio and trio: the twin of `EventSource`, line for line.

What it promises
    Iterating yields the events of a stream over as many connections as that takes. `close` ends an iteration
    at any moment, from any task or from a hook; no connection stays open after `close`, an error, or a
    cancellation. No event is skipped: `last_event_id` is always that of the last event that was yielded.

The loop
    `_next` is the loop that `sse_core._connection` documents. `_take_step` does what a step asks for
    (connect, read, wait, ...), passes the result to the `Connection`, and returns the next step. Bytes that
    were read become buffered events; these are yielded before the next step is taken. `_report` passes the
    state changes of each step to the log and to `on_state`.
    `__anext__` calls `_next`, and has two fast paths before that: return what is buffered, and read on while
    there is nothing else to do.

Tasks
    `_iterating` is set while an iteration looks for the next event: a second one at the same time is refused.
    `_loop_lock` is held by the task that takes steps or applies a command. Only that task, and one in the
    fast path that reads, changes the `Connection`, the buffered events and `_step`. A command is not applied
    elsewhere while `_iterating` is set.
    Hooks are called by the task that iterates, or that applies a command.
    Events that have arrived are yielded without a suspension, which costs more than an event. So that other
    tasks run and a cancellation is noticed, the source suspends once after each `MAX_BATCH` of them.

Commands
    `close`, `pause`, `resume` and `reconnect` set `_command`, then wake the iterating task: they close the
    exchange, which ends a blocked `open` or `read` with an error, and set the event that a sleep waits for.
    The loop ignores that error and applies the command. If no iteration is running, the calling task applies
    `close` and `pause` at once; a `reconnect` waits for the next `anext(source)`, which needs the connection.

Cancellation
    Closing is shielded from it, for `CLOSE_TIMEOUT` seconds at most. A cancelled iteration closes the source.

Forks
    In a forked child, the event loop and the connection are the parent's. `enter_fork` sets `_command` to
    `FORKED` there, and each call looks for that before it uses the event loop: `close` then closes the
    exchange, which knows about forks too, and everything else raises.
"""

from __future__ import annotations

import contextlib
import contextvars
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, Unpack, overload

import anyio
import anyio.lowlevel

from sse_core import (
    Attempt,
    Comment,
    Connect,
    Connection,
    Decide,
    Deliver,
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
    Step,
    Stop,
    Wait,
)

from ._clock import Clock, clock_for
from ._default_transport import default_transport, in_trio_task
from ._driver import (
    IN_HOOK,
    MAX_REST,
    REST_TIMEOUT,
    AtEnd,
    Command,
    CommonOptions,
    Driver,
    Ended,
    Headers,
    Item,
    Params,
    check_delay,
    check_hooks,
    check_not_async,
    check_prepared,
    check_seconds,
    check_transport,
    log,
    resume_id,
)
from ._interface import AsyncExchange, AsyncTransport
from ._lock import FastLock
from ._stores import Store

Value = TypeVar("Value")

CLOSE_TIMEOUT = 5.0
"""Seconds for closing a connection, which a cancellation does not interrupt."""

MAX_BATCH = 64
"""How many events may follow each other before other tasks can run.

A read without an event counts as one, and each KiB of it as another.
"""

NOT_ENTERED = "iterate it inside of `async with`, which closes it whatever happens"

AsyncPrepare = Callable[[Request, Attempt], Request | Awaitable[Request]]


class AsyncOptions(CommonOptions, total=False):
    """The types of the keyword arguments of `AsyncEventSource`, except `comments`."""

    headers: Headers | Callable[[], Headers | Awaitable[Headers]] | None
    transport: AsyncTransport | None
    prepare: AsyncPrepare | None
    on_error: Callable[[SSEError], float | Awaitable[float | None] | None] | None


class AsyncEventSource(Driver[Item]):
    """Reads an event stream, over as many connections as it takes: iterate to get its events.

    Runs on asyncio and on trio. Use it with `async with`: leaving that closes the connection, whatever
    the reason. Nothing is sent before the first event is asked for. One task may iterate; any task of
    the same event loop may call `close`, `reconnect`, `pause` and `resume`. An iteration can be left and
    continued later. One that was cancelled while it waited for an event has closed the source, and
    `last_event_id` is that of the last event that was yielded. To wait no longer than some time, use
    `batches(max_wait=...)`: it leaves the source open, also if it is cancelled.

    A source belongs to the process that made it. In a forked child it can only be closed, which leaves the
    parent's stream as it is.

    Args:
        url: http or https. `user:password@` in it becomes an Authorization header.
        method: the HTTP method. GET and other safe methods are sent again after a failure, others
            (POST) are not, unless `retry` says so: a model would be asked, and paid, twice.
        params: added to the query of the URL, encoded as httpx does: a mapping of names to texts, numbers,
            bools, None or lists of these, or pairs.
        headers: header fields, or a function that returns them and is called before each attempt,
            so that a token can be fresh. They win over the library's own. The
            function may be async.
        json: a body, written as JSON.
        content: a body, as bytes or str, instead of `json`.
        last_event_id: where to begin, from an earlier run. If None or empty, the ID is loaded from `store`.
        retry: what to do at ends and failures; None never reconnects.
        idle_timeout: seconds without a single byte, after which the connection counts as lost; None
            waits forever.
        timeout: seconds for connecting and waiting for the response headers; None for no limit. It
            never limits the stream.
        total_timeout: seconds for everything, from the first request on: connecting, waits, reads, hooks
            and what they await. None for no limit. Events that have arrived are yielded before
            `TotalTimeout` is raised.
        max_event_size: bytes that one event may have.
        until: the `data` of the event that ends the stream (`"[DONE]"`), or a function that returns
            True for it. That event is not yielded.
        at_end: what to do with an event that a clean end of the stream leaves unfinished: "raise"
            `IncompleteStream`, "drop" it, or "dispatch" it as if its blank line had come. None: raise, unless
            the stream will be resumed.
        accept: the content types that count as an event stream, which Accept asks for too. None among them
            is a missing Content-Type.
        comments: whether comments are yielded too, as `Comment`.
        default_type: the type of an event without an `event` line; `""`, to tell it from one that is named
            `message`.
        store: keeps the last event ID over restarts; saved to when the next event is asked for, so
            that an event whose processing failed comes again. Saving is done in a worker thread.
        transport: what carries the requests. The caller closes it, and may share it between sources. Not
            given, an `AnyioTransport`.
        prepare: called with the `Request` of each attempt, the first included, and an `Attempt`, which says
            what is known; returns the request to send, as it is or changed (`Request.replace`). After a
            failure or a clean end it is called before the wait: whether there is another attempt follows
            the method that it returns. A function as `headers` is called when the request goes out, and its
            fields win. To another origin than that of `url`, Authorization and other sensitive headers are
            not sent, except those that `prepare` sets anew.
            The function may be async.
        on_open: called with the `Response` of each stream; may raise to reject it, which ends the
            iteration with that error. This and the other hooks may be async.
        on_error: called with the error that ended each connection, or attempt to connect, before it is
            decided whether another follows, also if none will; and with `IncompleteStream` if a stream ends
            inside an event. Not called for a clean end, nor with `RetriesExhausted`, `TotalTimeout` and
            what a hook raises. May return seconds after which to try again, whatever the error, while
            `max_attempts` and `max_elapsed` of `retry` allow any; None, to let the policy decide; or raise,
            to end the iteration with that error.
        on_state: called with each `StateChange`. Also logged, to "sse_transports": as a warning if a
            connection has failed and is tried again. An error it raises ends the iteration, or surfaces in
            the call of `close` or `pause` that led to it.
        sensitive_headers: names of further headers that a redirect to another origin must not get.
        clock: the source of time and jitter: for tests, a `testing.VirtualClock`. Not given, the
            transport's own `clock` if it has one (as a `testing.ScriptedTransport` has), else the
            system's.

    Raises:
        sse_core.InvalidArgument: naming the argument.
        OSError: the `store` cannot be read.

    Iterating raises:
        sse_core.ResponseError: the response is not an event stream.
        sse_core.StreamError: an event is too large, or the stream is incomplete.
        sse_core.TransportError: the network failed, and the request must not be sent again.
        sse_core.RetriesExhausted: the policy's limit is reached.
        sse_core.TotalTimeout: `total_timeout` has passed.
        sse_core.IllegalState: another iteration is running, one was interrupted, there is no `async with`
            around it, or this process is a fork of the one that made the source.
        sse_core.InvalidArgument: header fields, a request of `prepare`, or seconds of
            `on_error` that cannot be used.
        OSError: the `store` cannot be written.
        Exception: any error that `headers`, `prepare`, `until` or a hook raises.

    WHATWG HTML 9.2.2 and 9.2.3.
    """

    if TYPE_CHECKING:
        # A plain signature cannot express that `comments` decides what is yielded.
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
        params: Params | None = None,
        headers: Headers | Callable[[], Headers | Awaitable[Headers]] | None = None,
        json: object = None,
        content: bytes | str | None = None,
        last_event_id: str | None = None,
        retry: RetryPolicy | None = RetryPolicy(),  # noqa: B008  # frozen
        idle_timeout: float | None = None,
        timeout: float | None = 60.0,
        total_timeout: float | None = None,
        max_event_size: int = 32 * 2**20,
        until: str | Callable[[Event], bool] | None = None,
        at_end: AtEnd | None = None,
        accept: Iterable[str | None] = ("text/event-stream",),
        comments: bool = False,
        default_type: str = "message",
        store: Store | None = None,
        transport: AsyncTransport | None = None,
        prepare: AsyncPrepare | None = None,
        on_open: Callable[[Response], object] | None = None,
        on_error: Callable[[SSEError], float | Awaitable[float | None] | None] | None = None,
        on_state: Callable[[StateChange], object] | None = None,
        sensitive_headers: Iterable[str] = (),
        clock: Clock | None = None,
    ) -> None:
        check_hooks(prepare=prepare, on_open=on_open, on_error=on_error, on_state=on_state)
        check_not_async(until=until)
        check_transport(transport, is_async=True)
        connection = Connection(
            url,
            method=method,
            params=params,
            json=json,
            content=content,
            last_event_id=resume_id(last_event_id, store),
            retry=retry,
            max_event_size=max_event_size,
            until=until,
            at_end=at_end,
            accept=accept,
            comments=comments,
            default_type=default_type,
            sensitive_headers=sensitive_headers,
        )
        super().__init__(
            connection,
            headers=headers,
            idle_timeout=idle_timeout,
            timeout=timeout,
            total_timeout=total_timeout,
            store=store,
            clock=clock_for(clock, transport),
            comments=comments,
        )
        self._headers = headers
        self._owns_transport = transport is None
        # The default depends on the running event loop, so it is made in `__aenter__`.
        self._transport = transport
        self._prepare = prepare
        self._on_open = on_open
        self._on_error = on_error
        self._on_state = on_state
        self._entered = False
        # The task that applies a command without iterating; None if there is none.
        self._applying: int | None = None
        self._loop_lock = FastLock()
        # The event that a sleep waits for; None while no task sleeps.
        self._wakeup: anyio.Event | None = None
        # How much of `MAX_BATCH` is left before other tasks can run.
        self._until_checkpoint = MAX_BATCH
        # For `batches`: a task that takes steps, None while there is none, and the event that it sets at its
        # end. asyncio may forget a task that is not kept.
        self._filling: object = None
        self._filled: anyio.Event
        self._filling_task = 0
        # The request and response in use; None while there is no connection.
        self._exchange: AsyncExchange | None = None

    # Commands, for any task of the event loop.

    async def close(self) -> None:
        """End the stream now, for good; an iteration that is reading, connecting or waiting ends too.

        Events that have arrived and were not asked for yet are dropped; `last_event_id` is before
        them. An event that was yielded is not touched: close does not wait until it is handled, and a
        `store` saves its ID only if the next event is asked for after that. Calling this again does nothing.
        """
        await self._post_command(Command.CLOSE)

    async def reconnect(self) -> None:
        """Drop the connection, or the wait, and open a new one now.

        Events that have arrived are yielded first, and the new connection resumes after them. A
        POST is sent again, because the caller asks for it. When closed, this does nothing.
        """
        await self._post_command(Command.RECONNECT)

    async def pause(self) -> None:
        """Drop the connection and have none until `resume`, as a browser does for a hidden page.

        Events that have arrived are yielded, then the iteration waits. When closed, this does nothing.
        """
        await self._post_command(Command.PAUSE)

    async def resume(self) -> None:
        """Continue after `pause`, from the last event on. When not paused, this does nothing."""
        if self._command is Command.FORKED:
            raise self._of_another_process()
        paused = self._is_paused()
        if paused:
            await self._post_command(Command.RECONNECT)

    async def __aenter__(self) -> Self:
        self._entered = True
        if self._transport is None:
            self._transport = default_transport()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()
        if self._command is Command.FORKED:
            return
        # Wait for a task that is still iterating: it is about to close the connection. In the fast path that
        # reads, it has no lock yet.
        with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
            while self._iterating and not self._loop_lock.locked():
                await anyio.lowlevel.checkpoint()
            async with self._loop_lock:
                pass

    # The loop.

    async def open(self) -> None:
        """Connect now, and return when the response is an event stream, before any event is asked for.

        Raises what iterating would raise, and follows the retry policy as iterating does: with `retry=None`,
        the first failure raises. Does nothing if a stream is open, or if the source has ended or is closed.
        """
        if self._command is None and self._opened():
            # Taking a step would save the ID of an event that may not be processed yet.
            return
        with contextlib.suppress(StopAsyncIteration):
            await self._ask(self._opened)

    def batches(self, max_wait: float | None = None) -> AsyncIterator[list[Item]]:
        """Iterate over lists of events: each has all that have arrived, as a rule those of one read.

        The events of a list count as processed when the next list is asked for: then its last ID is saved in
        the `store`. With `max_wait`, hooks may be called in another task.

        Args:
            max_wait: seconds. If no event comes within them, the list is empty; the connection stays, and
                the next list continues to wait. None waits as iterating does.

        Raises:
            sse_core.InvalidArgument: `max_wait` is not above 0.
        """
        check_seconds("max_wait", max_wait)
        return Batches(self, max_wait)

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        # Both fast paths together save 60 % of what `_ask` takes for an event that comes alone, as those of
        # live replies do (`make bench-iteration`, one event a read). This is no generator, which would be
        # exhausted after an error or a cancellation: that would look like the end of the stream.
        # With a store, each event is a step: its ID is saved when the next one is asked for.
        while self._command is None and self._store is None and self._until_checkpoint > 0:
            # Fast path: return what is buffered.
            for event in self._events:
                if self._have_ids or isinstance(event, Event):
                    self._last_event_id = event.id
                self._until_checkpoint -= 1
                item: Item = event
                return item
            # Fast path: read on.
            if self._iterating or self._total_timeout is not None:
                break
            self._iterating = True
            try:
                exchange = self._exchange
                if exchange is None or not isinstance(self._step, Read):
                    break
                if self._id_after_events is not None:
                    self._pass_events()
                data = await exchange.read(self._read_timeout)
                if not data:
                    self._step = self._receive(data)
                    break
                received = self._connection.receive_events(data)
                if isinstance(received, list):
                    # As `_buffer` does.
                    self._events = iter(received)
                    if received:
                        self._id_after_events = None
                        continue
                    self._id_after_events = self._connection.last_event_id
                else:
                    self._step = self._buffer(received)
                # It cannot be known whether the read suspended, so that other tasks could run.
                self._until_checkpoint -= 1 + (len(data) >> 10)
            except SSEError as error:
                self._step = self._fail(error)
            except GeneratorExit:
                # The event loop is gone, and nothing can be awaited.
                raise
            except BaseException as error:
                await self._abort(error)
                raise
            finally:
                self._iterating = False
        return await self._ask(self._next_buffered)

    async def _ask(self, take: Callable[[], Value | None]) -> Value:
        """Take steps until `take` returns something, and return that; raise StopAsyncIteration at the end."""
        before = self._last_event_id
        while self._iterating:
            # A hook may be called in the task that fills.
            if self._filling is None or self._filling_task == anyio.get_current_task().id:
                raise self._iterating_elsewhere()
            await self._fill_within(None)
        if self._command is not None and self._command is Command.FORKED:
            raise self._of_another_process()
        if not self._entered:
            raise IllegalState(NOT_ENTERED)
        if self._applying is not None and self._applying == anyio.get_current_task().id:
            raise IllegalState(IN_HOOK)
        self._iterating = True
        try:
            # Another task may hold it for a moment, to apply a command.
            async with self._loop_lock:
                if self._total_timeout is not None:
                    return await self._next_in_time(take, self._total_timeout)
                return await self._next(take)
        finally:
            self._iterating = False
            if self._command is not None:
                await self._apply_before_return(before)

    async def _next_batch(self, max_wait: float | None) -> list[Item]:
        """Return what has arrived; an empty list if nothing has after `max_wait` seconds."""
        if max_wait is None or self._has_batch():
            # No other task runs after the first event is found.
            first = await anext(self)
            others = self._take_batch() or []
            self._until_checkpoint -= len(others)
            return [first, *others]
        start = self._clock.monotonic()
        # On a virtual clock, time passes in a read that returns at once.
        if not await self._fill_within(max_wait) or self._clock.monotonic() - start > max_wait:
            return []
        # There is something now, or an end, which is raised here.
        return await self._ask(self._take_batch)

    async def _fill_within(self, seconds: float | None) -> bool:
        """Take steps until events have arrived, in another task; return False after `seconds`.

        The task goes on, so that a read is not interrupted: not every HTTP client can continue one.
        """
        if self._command is Command.FORKED:
            raise self._of_another_process()
        if not self._entered:
            raise IllegalState(NOT_ENTERED)
        # One that has ended has left events, which another call has taken.
        if self._filling is None or self._filled.is_set():
            if self._iterating:
                raise self._iterating_elsewhere()
            self._filled = anyio.Event()
            self._filling = _start_task(self._fill)
        with anyio.move_on_after(seconds):
            await self._filled.wait()
        if not self._filled.is_set():
            return False
        self._filling = None
        return True

    async def _fill(self) -> None:
        # An error is kept as the last step, and raised when the next list is asked for.
        self._filling_task = anyio.get_current_task().id
        try:
            with contextlib.suppress(Exception):
                await self._ask(self._has_batch)
        finally:
            self._filled.set()

    async def _next_in_time(self, take: Callable[[], Value | None], seconds: float) -> Value:
        """Return what `_next` returns, or raise `TotalTimeout`: `seconds` begin with the first call."""
        if self._deadline is None:
            self._deadline = self._clock.monotonic() + seconds
        with anyio.move_on_after(self._time_left(None)):
            return await self._next(take)
        error = self._timed_out()
        self._end_with(error)
        raise error

    async def _next(self, take: Callable[[], Value | None]) -> Value:
        """Take steps until `take` returns something, and return that; called with `_loop_lock` held."""
        try:
            if self._store is not None:
                # Asking for the next event means that the last one was processed.
                await self._save(self._store)
            while True:
                if self._until_checkpoint <= 0:
                    # Before the next event is taken, so that a cancellation loses none.
                    await anyio.lowlevel.checkpoint()
                    self._until_checkpoint = MAX_BATCH
                if self._command is not None and self._command is Command.CLOSE:
                    # Before the buffered events, because closing drops them.
                    await self._apply_command()
                else:
                    taken = take()
                    if taken is not None:
                        self._until_checkpoint -= 1
                        return taken
                self._pass_events()
                if self._command is not None:
                    await self._apply_command()
                await self._report()
                self._step = await self._take_step(self._step)
        except Ended:
            raise StopAsyncIteration from None
        except StopAsyncIteration as error:
            # Raised by a hook, by mistake: it must not look like the end (as for generators, PEP 479).
            await self._abort(error)
            raise RuntimeError("a hook raised StopAsyncIteration") from error
        except GeneratorExit:
            # The event loop is gone, and nothing can be awaited.
            raise
        except BaseException as error:
            await self._abort(error)
            raise

    async def _take_step(self, step: Step[Item]) -> Step[Item]:
        """Do what `step` asks for, and return the next one. See the loop in `sse_core._connection`."""
        match step:
            case Connect(request):
                return await self._open(request)
            case Read():
                return await self._read()
            case Deliver():
                # Not seen here: `_receive` buffers its events at once.
                return self._buffer(step)
            case ReadBody(limit, timeout):
                body = await self._read_body(limit, timeout)
                return self._connection.refuse(body, epoch=self._clock.epoch())
            case Decide(cause):
                return await self._decide(cause)
            case Wait(delay):
                slept = await self._sleep_unless_commanded(self._time_left(delay))
                return await self._connect() if slept else step
            case Pause():
                await self._sleep_unless_commanded(None)
                return step
            case Stop(error):
                if error is None and not self._owns_transport:
                    await self._read_rest()
                await self._close_transport()
                raise self._finished(error)

    async def _connect(self) -> Step[Item]:
        self._check_deadline()
        # After a wait, `prepare` was called before it. Once more if the last event ID was set meanwhile.
        connection = self._connection
        is_prepared = connection.state is State.WAITING and connection.last_event_id == self._prepared_id
        request = None if is_prepared else await self._prepared_request()
        headers: Headers | None = None
        if callable(self._headers):
            headers = await _result(self._headers())
        elif self._prepare is None:
            headers = self._headers
        return self._connection.connect(headers, request=request)

    async def _prepared_request(self) -> Request | None:
        """Return the request that `prepare` makes for the next attempt; None without `prepare`."""
        if self._prepare is None:
            return None
        headers = None if callable(self._headers) else self._headers
        own, attempt = self._connection.next_request(headers), self._connection.attempt
        self._prepared_id = attempt.last_event_id
        request = await _result(self._prepare(own, attempt))
        check_prepared(request)
        return request

    async def _open(self, request: Request) -> Step[Item]:
        await self._close_exchange(self._exchange)
        exchange = self._require_transport().exchange(request, timeout=self._time_left(self._timeout))
        self._read_timeout = self._time_left(self._idle_timeout)
        # From here on, a command can close the exchange, which ends `open`. An earlier command did not know
        # the exchange, so check for one.
        self._exchange = exchange
        if self._command is not None:
            return self._step
        try:
            response = await exchange.open()
        except SSEError as error:
            return self._fail(error)
        step = self._connection.respond(response)
        if self._on_open is not None and self._connection.state is State.OPEN:
            await _result(self._on_open(response))
        # Now, so that there is nothing to report when the first read is taken.
        await self._report()
        return step

    async def _read(self) -> Step[Item]:
        try:
            data = await self._require_exchange().read(self._read_timeout)
        except SSEError as error:
            return self._fail(error)
        self._until_checkpoint -= 1 + (len(data) >> 10)
        return self._receive(data)

    async def _read_body(self, limit: int, timeout: float) -> bytes:
        """Read the start of an error response's body, as much as arrives in time."""
        body = b""
        deadline = self._clock.monotonic() + timeout
        try:
            while len(body) < limit:
                left = deadline - self._clock.monotonic()
                data = await self._require_exchange().read(left) if left > 0 else b""
                if not data:
                    break
                body += data
        except SSEError:
            # The response is an error already. Do not raise another one because its body is incomplete.
            pass
        return body

    async def _read_rest(self) -> None:
        """Read what follows `until`, if it comes at once: then the connection can be used again."""
        exchange, size = self._exchange, 0
        deadline = self._clock.monotonic() + REST_TIMEOUT
        try:
            while exchange is not None and size < MAX_REST:
                left = deadline - self._clock.monotonic()
                data = await exchange.read(left) if left > 0 else b""
                if not data:
                    break
                size += len(data)
        except SSEError:
            # It does not end soon, or is malformed: then the connection is closed.
            pass

    async def _decide(self, cause: SSEError | None) -> Step[Item]:
        await self._close_exchange(self._exchange)
        delay = None
        if cause is not None and self._on_error is not None:
            delay = await _result(self._on_error(cause))
            check_delay(delay)
        may_follow = delay is not None or self._connection.can_reconnect
        request = await self._prepared_request() if may_follow else None
        clock = self._clock
        return self._connection.decide(
            monotonic=clock.monotonic(), random=clock.random(), delay=delay, request=request
        )

    async def _sleep_unless_commanded(self, seconds: float | None) -> bool:
        """Sleep, forever if `seconds` is None; return False if a command came before the end."""
        # Create it before checking `_command`, so that a command is either seen here or wakes the sleep.
        wakeup = self._wakeup = anyio.Event()
        if self._command is None:
            if seconds is not None:
                seconds = self._clock.pass_time(seconds)
            with anyio.move_on_after(seconds):
                await wakeup.wait()
        # Not kept while a stream is read: thousands of streams would have one each.
        self._wakeup = None
        return self._command is None

    # Commands: how they are applied.

    async def _post_command(self, command: Command) -> None:
        """Leave a command for the loop and wake it; apply the command here if no loop is running."""
        if self._command is Command.FORKED:
            if command is not Command.CLOSE:
                raise self._of_another_process()
            # Closes this process's descriptors. The transport stays: a graceful close of what it keeps would
            # reach the server, and so the parent.
            if self._exchange is not None:
                await self._exchange.close()
            return
        # A source that is closed can still be closed again: the first `close` may have been interrupted.
        if command is not Command.CLOSE and self._is_closed():
            return
        self._command = command
        if self._wakeup is not None:
            self._wakeup.set()
        await self._close_exchange(self._exchange)
        # A running loop looks for a command before each step, and after it has released `_loop_lock`.
        await self._apply_if_idle()

    async def _apply_if_idle(self, *, report: bool = True) -> None:
        """Apply a command that needs no connection, unless a loop is running, which will apply it."""
        waiting, here = (Command.CLOSE, Command.PAUSE), anyio.get_current_task().id
        while self._command in waiting and not self._iterating and self._loop_lock.try_acquire():
            self._applying = here
            try:
                await self._apply_command()
                if report:
                    await self._report()
            finally:
                self._applying = None
                self._loop_lock.release()

    async def _apply_before_return(self, before: str) -> None:
        """Apply a command that came while `__anext__` was about to return; report it in the next call.

        A hook that the report calls may raise, and the event would be lost. If applying the command itself
        raises, the event is not yielded, and the last event ID is again that of `before`.
        """
        try:
            await self._apply_if_idle(report=False)
        except BaseException as error:
            self._last_event_id = before
            await self._abort(error)
            raise

    async def _apply_command(self) -> None:
        """Carry out the command; called with `_loop_lock` held."""
        command = self._command
        if command is Command.FORKED:
            raise self._of_another_process()
        if command is Command.TIME_OUT:
            self._end_with(self._timed_out())
            await self._close_transport()
        elif command is Command.CLOSE:
            self._end()
            await self._close_transport()
        elif command is not None and self._connection.state is not State.CLOSED:
            await self._close_exchange(self._exchange)
            self._step = self._connection.pause() if command is Command.PAUSE else await self._connect()
        # Clear the command only now: until then, `ready_state` must show its effect to other tasks. A newer
        # command stays.
        if self._command is command:
            self._command = None

    # The parts of steps.

    async def _save(self, store: Store) -> None:
        if self._last_event_id != self._saved_id:
            await anyio.to_thread.run_sync(store.save, self._last_event_id)
            self._saved_id = self._last_event_id

    async def _report(self) -> None:
        """Pass on the changes since the last report, to the log and to `on_state`."""
        for change in self._connection.changes():
            log(change)
            if self._prepare is None:
                self._warn_of_repetition(change)
            if self._on_state is not None:
                await _result(self._on_state(change))

    def _require_exchange(self) -> AsyncExchange:
        if self._exchange is None:
            raise ReadError("there is no connection")
        return self._exchange

    def _require_transport(self) -> AsyncTransport:
        if self._transport is None:
            raise IllegalState(NOT_ENTERED)
        return self._transport

    async def _close_exchange(self, exchange: AsyncExchange | None) -> None:
        """Close this connection, if there is one; a blocked `open` or `read` ends with an error."""
        # A command and the loop may both close it at the same time: both wait until it is closed.
        if exchange is not None:
            with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
                await exchange.close()
            # Clear it only now: if a cancellation comes first, the next `close` tries again.
            if self._exchange is exchange:
                self._exchange = None

    async def _close_transport(self) -> None:
        """Close the connection, and the transport if it is not the caller's; once."""
        if self._exchange is not None:
            await self._close_exchange(self._exchange)
        if self._owns_transport and self._transport is not None:
            with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
                await self._transport.close()
            self._owns_transport = False

    async def _abort(self, error: BaseException) -> None:
        """Close everything because of an error: the stream's, a hook's, or an interrupt."""
        if self._command is Command.FORKED:
            # A hook has forked the process. The connection is the parent's.
            return
        self._end_with(error)
        await self._close_transport()
        # Ignore what `on_state` raises: the first error is the one to surface.
        with contextlib.suppress(Exception), anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
            await self._report()


class Batches(Generic[Item]):
    """What `AsyncEventSource.batches` returns."""

    def __init__(self, source: AsyncEventSource[Item], max_wait: float | None) -> None:
        self._source = source
        self._max_wait = max_wait

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[Item]:
        return await self._source._next_batch(self._max_wait)  # noqa: SLF001  # a part of it


def _start_task(function: Callable[[], Coroutine[Any, Any, None]]) -> object:
    """Start a task that goes on when the calling one leaves, and return it."""
    if in_trio_task():
        import trio

        return trio.lowlevel.spawn_system_task(function, context=contextvars.copy_context())
    import asyncio

    return asyncio.get_running_loop().create_task(function())


async def _result(value: Value | Awaitable[Value]) -> Value:
    """Return what a plain hook returned, or await what an async one did."""
    return await value if inspect.isawaitable(value) else value
