"""The blocking event source: a loop that takes the steps of `sse_core.Connection`.

What it promises
    Iterating yields the events of a stream over as many connections as that takes. `close` ends an iteration
    at any moment, from any thread, from a hook or from a signal handler; no connection stays open after
    `close`, an error, or an interrupt (Ctrl-C). No event is skipped: `last_event_id` is always that of the
    last event that was yielded.

The loop
    `_next` is the loop that `sse_core._connection` documents. `_take_step` does what a step asks for
    (connect, read, wait, ...), passes the result to the `Connection`, and returns the next step. Bytes that
    were read become buffered events; these are yielded before the next step is taken. `_report` passes the
    state changes of each step to the log and to `on_state`.
    `_iterate` is the generator of `for` loops. It calls `_next`, and has two fast paths before that: yield
    what is buffered, and read on while there is nothing else to do. Where the stream is, is kept in the
    source, so that a loop can be left, and another loop or `next(source)` continues it.

Threads
    `_iterating` is set while an iteration looks for the next event: a second one at the same time is refused.
    `_loop_lock` is held by the thread that takes steps or applies a command. Only that thread, and one in the
    fast path that reads, changes the `Connection`, the buffered events and `_step`.
    The fast path that reads takes no lock, which would be a tenth of its time. Another thread applies a
    command only if `_iterating` is False after it has set `_command`; `_iterate` reads only if `_command` is
    None after it has set `_iterating`. So at most one of them goes on. That needs all threads to see these
    changes in one order, as with a GIL. Without a GIL, this fast path is not used.
    Hooks are called by the thread that iterates, or that applies a command.
    `_command_lock` guards `_command` and `_exchange`, so that a command and the connection that it drops are
    one change.

Commands
    `close`, `pause`, `resume` and `reconnect` set `_command`, then wake the iterating thread: they close the
    exchange, which ends a blocked `open` or `read` with an error, and put a wake-up into the queue that a
    sleep waits for. The loop ignores that error and applies the command. If no iteration is running, the
    calling thread applies `close` and `pause` at once; a `reconnect` waits for the next `next(source)`,
    which needs the connection.

Forks
    In a forked child, the threads and their locks are gone, and the connection is the parent's. `enter_fork`
    sets `_command` to `FORKED` there, and each call looks for that before it waits for a lock: `close` then
    closes the exchange, which knows about forks too, and everything else raises.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, Unpack, overload

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
from ._interface import Exchange, Transport
from ._stores import Store

if TYPE_CHECKING:
    import queue

Value = TypeVar("Value")

# Python 3.13 and later can be built without one.
HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()

Prepare = Callable[[Request, Attempt], Request]


class Options(CommonOptions, total=False):
    """The types of the keyword arguments of `EventSource`, except `comments`."""

    headers: Headers | Callable[[], Headers] | None
    transport: Transport | None
    prepare: Prepare | None
    on_error: Callable[[SSEError], float | None] | None


class EventSource(Driver[Item]):
    """Reads an event stream, over as many connections as it takes: iterate to get its events.

    Nothing is sent before the first event is asked for. One thread may iterate; any thread may call
    `close`, `reconnect`, `pause` and `resume`. An iteration can be left and continued later. Use the source
    as a context manager, or call `close`, so that no connection is left open.

    A source belongs to the process that made it. In a forked child it can only be closed, which leaves the
    parent's stream as it is.

    Args:
        url: http or https. `user:password@` in it becomes an Authorization header.
        method: the HTTP method. GET and other safe methods are sent again after a failure, others
            (POST) are not, unless `retry` says so: a model would be asked, and paid, twice.
        params: added to the query of the URL, encoded as httpx does: a mapping of names to texts, numbers,
            bools, None or lists of these, or pairs.
        headers: header fields, or a function that returns them and is called before each attempt,
            so that a token can be fresh. They win over the library's own.
        json: a body, written as JSON.
        content: a body, as bytes or str, instead of `json`.
        last_event_id: where to begin, from an earlier run. If None or empty, the ID is loaded from `store`.
        retry: what to do at ends and failures; None never reconnects.
        idle_timeout: seconds without a single byte, after which the connection counts as lost; None
            waits forever.
        timeout: seconds for connecting and waiting for the response headers; None for no limit. It
            never limits the stream. The system's resolver looks host names up: neither this nor
            `close` ends that.
        total_timeout: seconds for everything, from the first request on: connecting, waits, reads, hooks (a
            hook is not interrupted). None for no limit. Events that have arrived are yielded before
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
            that an event whose processing failed comes again.
        transport: the HTTP client. The caller closes it. Not given, a `UrllibTransport`.
        prepare: called with the `Request` of each attempt, the first included, and an `Attempt`, which says
            what is known; returns the request to send, as it is or changed (`Request.replace`). After a
            failure or a clean end it is called before the wait: whether there is another attempt follows
            the method that it returns. A function as `headers` is called when the request goes out, and its
            fields win. To another origin than that of `url`, Authorization and other sensitive headers are
            not sent, except those that `prepare` sets anew.
        on_open: called with the `Response` of each stream; may raise to reject it, which ends the
            iteration with that error.
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
        sse_core.IllegalState: another iteration is running, one was interrupted, or this process is a fork
            of the one that made the source.
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
        params: Params | None = None,
        headers: Headers | Callable[[], Headers] | None = None,
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
        transport: Transport | None = None,
        prepare: Prepare | None = None,
        on_open: Callable[[Response], object] | None = None,
        on_error: Callable[[SSEError], float | None] | None = None,
        on_state: Callable[[StateChange], object] | None = None,
        sensitive_headers: Iterable[str] = (),
        clock: Clock | None = None,
    ) -> None:
        check_hooks(prepare=prepare, on_open=on_open, on_error=on_error, on_state=on_state)
        check_not_async(
            headers=headers,
            prepare=prepare,
            until=until,
            on_open=on_open,
            on_error=on_error,
            on_state=on_state,
        )
        check_transport(transport, is_async=False)
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
        self._transport = _default_transport() if transport is None else transport
        self._prepare = prepare
        self._on_open = on_open
        self._on_error = on_error
        self._on_state = on_state
        # The thread that applies a command without iterating; None if there is none.
        self._applying: int | None = None
        self._loop_lock = threading.Lock()
        # Reentrant: a signal handler may call `close` in a thread that holds it.
        self._command_lock = threading.RLock()
        # The queue that a sleep waits for; None if none was needed yet.
        self._wakeup: queue.SimpleQueue[None] | None = None
        # Wakes the loop when `total_timeout` has passed; None without one.
        self._watchdog: threading.Timer | None = None
        # Takes steps for `batches`; None while it is not needed.
        self._filling: threading.Thread | None = None
        # The request and response in use; None while there is no connection.
        self._exchange: Exchange | None = None

    # Commands, for any thread.

    def close(self) -> None:
        """End the stream now, for good; an iteration that is reading, connecting or waiting ends too.

        Events that have arrived and were not asked for yet are dropped; `last_event_id` is before
        them. An event that was yielded is not touched: close does not wait until it is handled, and a
        `store` saves its ID only if the next event is asked for after that. Calling this again does nothing.
        """
        self._post_command(Command.CLOSE)

    def reconnect(self) -> None:
        """Drop the connection, or the wait, and open a new one now.

        Events that have arrived are yielded first, and the new connection resumes after them. A
        POST is sent again, because the caller asks for it. When closed, this does nothing.
        """
        self._post_command(Command.RECONNECT)

    def pause(self) -> None:
        """Drop the connection and have none until `resume`, as a browser does for a hidden page.

        Events that have arrived are yielded, then the iteration waits. When closed, this does nothing.
        """
        self._post_command(Command.PAUSE)

    def resume(self) -> None:
        """Continue after `pause`, from the last event on. When not paused, this does nothing."""
        if self._command is Command.FORKED:
            raise self._of_another_process()
        with self._command_lock:
            paused = self._is_paused()
        if paused:
            self._post_command(Command.RECONNECT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # Close the connection of a source that was dropped unclosed. `__init__` may have raised before
        # `_exchange` was set.
        exchange = getattr(self, "_exchange", None)
        if exchange is not None:
            exchange.close()
            if self._watchdog is not None and self._command is not Command.FORKED:
                self._watchdog.cancel()
            # The parent of a forked child still uses it.
            if self._command is not Command.FORKED:
                import warnings

                # As for sockets and files: it was closed by chance, and perhaps late.
                warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)

    # The loop.

    def open(self) -> None:
        """Connect now, and return when the response is an event stream, before any event is asked for.

        Raises what iterating would raise, and follows the retry policy as iterating does: with `retry=None`,
        the first failure raises. Does nothing if a stream is open, or if the source has ended or is closed.
        """
        if self._command is None and self._opened():
            # Taking a step would save the ID of an event that may not be processed yet.
            return
        with contextlib.suppress(StopIteration):
            self._ask(self._opened)

    def batches(self, max_wait: float | None = None) -> Iterator[list[Item]]:
        """Iterate over lists of events: each has all that have arrived, as a rule those of one read.

        The events of a list count as processed when the next list is asked for: then its last ID is saved in
        the `store`. With `max_wait`, hooks may be called in another thread.

        Args:
            max_wait: seconds. If no event comes within them, the list is empty; the connection stays, and
                the next list continues to wait. None waits as iterating does.

        Raises:
            sse_core.InvalidArgument: `max_wait` is not above 0.
        """
        check_seconds("max_wait", max_wait)
        return Batches(self, max_wait)

    def __iter__(self) -> Iterator[Item]:
        return chain.from_iterable(self._loops(in_lists=False))

    def __next__(self) -> Item:
        return self._ask(self._next_buffered)

    def _loops(self, *, in_lists: bool) -> Iterator[Iterator[Any]]:
        """Yield generators of events or of lists: another one each time that one has raised an error.

        A generator that has raised is exhausted. Without another one, that would look like the end of the
        stream to a caller who keeps the iterator.
        """
        while True:
            yield self._iterate(in_lists=in_lists)
            if isinstance(self._step, Stop) and self._step.error is None:
                return

    def _iterate(self, *, in_lists: bool) -> Iterator[Any]:
        """Yield events, or lists of all that have arrived, as `_ask` returns them.

        Both fast paths together save 60 % of what `_ask` takes for an event that comes alone, as those of
        live replies do (`make bench-iteration`, one event a read).
        """
        connection, have_ids = self._connection, self._have_ids
        # With a store, each event is a step: its ID is saved when the next one is asked for.
        is_fast = self._store is None and (have_ids or not in_lists)
        may_read = HAS_GIL and self._total_timeout is None
        # While this waits, it keeps nothing that was yielded: an event may be large.
        received: list[Any] | Deliver[Any] | None
        taken: object
        while True:
            while is_fast and self._command is None:
                # Fast path: yield what is buffered. An iterator of a list never gives two threads one item.
                # There is no call before `yield`, so that an interrupt loses nothing.
                events = self._events
                if in_lists:
                    taken = [*events]
                    if taken:
                        self._last_event_id = taken[-1].id
                        yield taken
                    taken = None
                else:
                    for event in events:
                        if have_ids or isinstance(event, Event):
                            self._last_event_id = event.id
                        yield event
                        # Meanwhile `close` may have dropped the others, or `next(source)` buffered more.
                        if self._events is not events or self._command is not None:
                            break
                if self._events is not events:
                    continue
                # Fast path: read on, as "Threads" above explains. There is no call between these two lines,
                # so no other thread runs.
                if self._iterating or not may_read:
                    break
                self._iterating = True
                try:
                    exchange = self._exchange
                    if self._command is not None or exchange is None or not isinstance(self._step, Read):
                        break
                    if self._id_after_events is not None:
                        self._pass_events()
                    data = exchange.read(self._read_timeout)
                    if not data:
                        self._step = self._receive(data)
                        break
                    received = connection.receive_events(data)
                    if isinstance(received, list):
                        # As `_buffer` does.
                        self._events = iter(received)
                        self._id_after_events = None if received else connection.last_event_id
                    else:
                        self._step = self._buffer(received)
                    data, received = b"", None
                except SSEError as error:
                    self._step = self._fail(error)
                except BaseException as error:
                    self._abort(error)
                    raise
                finally:
                    self._iterating = False
            try:
                taken = self._ask(self._take_batch if in_lists else self._next_buffered)
            except StopIteration:
                return
            yield taken
            taken = None

    def _ask(self, take: Callable[[], Value | None]) -> Value:
        """Take steps until `take` returns something, and return that; raise StopIteration at the end."""
        before = self._last_event_id
        while self._iterating:
            # A hook may be called in the thread that fills.
            if self._filling is None or self._filling is threading.current_thread():
                raise self._iterating_elsewhere()
            self._fill_within(None)
        self._iterating = True
        try:
            if self._command is not None and self._command is Command.FORKED:
                raise self._of_another_process()
            if self._applying is not None and self._applying == threading.get_ident():
                raise IllegalState(IN_HOOK)
            if self._total_timeout is not None:
                self._watch_time(self._total_timeout)
            # Another thread may hold it for a moment, to apply a command.
            with self._loop_lock:
                return self._next(take)
        finally:
            self._iterating = False
            if self._command is not None:
                self._apply_before_return(before)

    def _next_batch(self, max_wait: float | None) -> list[Item]:
        """Return what has arrived; an empty list if nothing has after `max_wait` seconds."""
        if max_wait is None or self._has_batch():
            return self._ask(self._take_batch)
        start = self._clock.monotonic()
        # On a virtual clock, time passes in a read that returns at once.
        if not self._fill_within(max_wait) or self._clock.monotonic() - start > max_wait:
            return []
        # There is something now, or an end, which is raised here.
        return self._ask(self._take_batch)

    def _fill_within(self, seconds: float | None) -> bool:
        """Take steps until events have arrived, in another thread; return False after `seconds`.

        The thread goes on, so that a read is not interrupted: not every HTTP client can continue one.
        """
        if self._command is Command.FORKED:
            raise self._of_another_process()
        # One that has ended has left events, which another call has taken.
        if self._filling is None or not self._filling.is_alive():
            if self._iterating:
                raise self._iterating_elsewhere()
            self._filling = threading.Thread(target=self._fill, name="EventSource.batches", daemon=True)
            self._filling.start()
        try:
            self._filling.join(seconds)
        except BaseException:
            # An interrupt closes the source, as it does while events are iterated.
            self.close()
            raise
        if self._filling.is_alive():
            return False
        self._filling = None
        return True

    def _fill(self) -> None:
        # An error is kept as the last step, and raised when the next list is asked for.
        with contextlib.suppress(Exception):
            self._ask(self._has_batch)

    def _next(self, take: Callable[[], Value | None]) -> Value:
        """Take steps until `take` returns something, and return that; called with `_loop_lock` held."""
        try:
            if self._store is not None:
                # Asking for the next event means that the last one was processed.
                self._save(self._store)
            while True:
                if self._command is not None and self._command is Command.CLOSE:
                    # Before the buffered events, because closing drops them.
                    self._apply_command()
                else:
                    taken = take()
                    if taken is not None:
                        return taken
                self._pass_events()
                if self._command is not None:
                    self._apply_command()
                self._report()
                self._step = self._take_step(self._step)
        except Ended:
            raise StopIteration from None
        except StopIteration as error:
            # Raised by a hook, by mistake: it must not look like the end (as for generators, PEP 479).
            self._abort(error)
            raise RuntimeError("a hook raised StopIteration") from error
        except BaseException as error:
            self._abort(error)
            raise

    def _watch_time(self, seconds: float) -> None:
        """Begin with `total_timeout` when the first step is taken; the watchdog ends what blocks."""
        if self._deadline is None:
            self._deadline = self._clock.monotonic() + seconds
            post = weakref.WeakMethod(self._post_command)

            def expire() -> None:
                method = post()
                if method is not None:
                    method(Command.TIME_OUT)

            # The timer must not keep a source that was dropped unclosed.
            self._watchdog = threading.Timer(seconds, expire)
            self._watchdog.daemon = True
            self._watchdog.start()

    def _take_step(self, step: Step[Item]) -> Step[Item]:
        """Do what `step` asks for, and return the next one. See the loop in `sse_core._connection`."""
        match step:
            case Connect(request):
                return self._open(request)
            case Read():
                return self._read()
            case Deliver():
                # Not seen here: `_receive` buffers its events at once.
                return self._buffer(step)
            case ReadBody(limit, timeout):
                body = self._read_body(limit, timeout)
                return self._connection.refuse(body, epoch=self._clock.epoch())
            case Decide(cause):
                return self._decide(cause)
            case Wait(delay):
                slept = self._sleep_unless_commanded(self._time_left(delay))
                return self._connect() if slept else step
            case Pause():
                self._sleep_unless_commanded(None)
                return step
            case Stop(error):
                if error is None and not self._owns_transport:
                    self._read_rest()
                self._close_transport()
                raise self._finished(error)

    def _connect(self) -> Step[Item]:
        self._check_deadline()
        # After a wait, `prepare` was called before it. Once more if the last event ID was set meanwhile.
        connection = self._connection
        is_prepared = connection.state is State.WAITING and connection.last_event_id == self._prepared_id
        request = None if is_prepared else self._prepared_request()
        headers: Headers | None = None
        if callable(self._headers):
            headers = self._headers()
        elif self._prepare is None:
            headers = self._headers
        return self._connection.connect(headers, request=request)

    def _prepared_request(self) -> Request | None:
        """Return the request that `prepare` makes for the next attempt; None without `prepare`."""
        if self._prepare is None:
            return None
        headers = None if callable(self._headers) else self._headers
        own, attempt = self._connection.next_request(headers), self._connection.attempt
        self._prepared_id = attempt.last_event_id
        request = self._prepare(own, attempt)
        check_prepared(request)
        return request

    def _open(self, request: Request) -> Step[Item]:
        self._close_exchange(self._exchange)
        exchange = self._transport.exchange(request, timeout=self._time_left(self._timeout))
        self._read_timeout = self._time_left(self._idle_timeout)
        # From here on, a command can close the exchange, which ends `open`. An earlier command did not know
        # the exchange, so check for one.
        with self._command_lock:
            self._exchange = exchange
            if self._command is not None:
                return self._step
        try:
            response = exchange.open()
        except SSEError as error:
            return self._fail(error)
        step = self._connection.respond(response)
        if self._on_open is not None and self._connection.state is State.OPEN:
            self._on_open(response)
        # Now, so that there is nothing to report when the first read is taken.
        self._report()
        return step

    def _read(self) -> Step[Item]:
        try:
            data = self._require_exchange().read(self._read_timeout)
        except SSEError as error:
            return self._fail(error)
        return self._receive(data)

    def _read_body(self, limit: int, timeout: float) -> bytes:
        """Read the start of an error response's body, as much as arrives in time."""
        body = b""
        deadline = self._clock.monotonic() + timeout
        try:
            while len(body) < limit:
                left = deadline - self._clock.monotonic()
                data = self._require_exchange().read(left) if left > 0 else b""
                if not data:
                    break
                body += data
        except SSEError:
            # The response is an error already. Do not raise another one because its body is incomplete.
            pass
        return body

    def _read_rest(self) -> None:
        """Read what follows `until`, if it comes at once: then the connection can be used again."""
        exchange, size = self._exchange, 0
        deadline = self._clock.monotonic() + REST_TIMEOUT
        try:
            while exchange is not None and size < MAX_REST:
                left = deadline - self._clock.monotonic()
                data = exchange.read(left) if left > 0 else b""
                if not data:
                    break
                size += len(data)
        except SSEError:
            # It does not end soon, or is malformed: then the connection is closed.
            pass

    def _decide(self, cause: SSEError | None) -> Step[Item]:
        self._close_exchange(self._exchange)
        delay = None
        if cause is not None and self._on_error is not None:
            delay = self._on_error(cause)
            check_delay(delay)
        may_follow = delay is not None or self._connection.can_reconnect
        request = self._prepared_request() if may_follow else None
        clock = self._clock
        return self._connection.decide(
            monotonic=clock.monotonic(), random=clock.random(), delay=delay, request=request
        )

    def _sleep_unless_commanded(self, seconds: float | None) -> bool:
        """Sleep, forever if `seconds` is None; return False if a command came before the end."""
        import queue

        # Not a Condition, whose lock is not reentrant: a signal handler may call `close` in this thread at
        # any point of the wait. A queue keeps wake-ups that were sent before `get`. It exists before
        # `_command` is looked at, so that a command is either seen here or wakes the sleep.
        self._wakeup = queue.SimpleQueue()
        if seconds is not None and self._command is None:
            seconds = self._clock.pass_time(seconds)
        end = None if seconds is None else time.monotonic() + min(seconds, threading.TIMEOUT_MAX)
        while self._command is None:
            left = None if end is None else min(end - time.monotonic(), threading.TIMEOUT_MAX)
            if left is not None and left <= 0:
                return True
            with contextlib.suppress(queue.Empty):
                self._wakeup.get(timeout=left)
        return False

    # Commands: how they are applied.

    def _post_command(self, command: Command) -> None:
        """Leave a command for the loop and wake it; apply the command here if no loop is running."""
        if self._command is Command.FORKED:
            if command is not Command.CLOSE:
                raise self._of_another_process()
            # Closes this process's descriptors. The transport stays: a graceful close of what it keeps would
            # reach the server, and so the parent.
            if self._exchange is not None:
                self._exchange.close()
            return
        with self._command_lock:
            # A source that is closed can still be closed again: the first `close` may have been interrupted.
            if command is not Command.CLOSE and self._is_closed():
                return
            self._command = command
            exchange = self._exchange
        if self._wakeup is not None:
            self._wakeup.put(None)
        self._close_exchange(exchange)
        # A running loop looks for a command before each step, and after it has released `_loop_lock`.
        self._apply_if_idle()

    def _apply_if_idle(self, *, report: bool = True) -> None:
        """Apply a command that needs no connection, unless a loop is running, which will apply it."""
        waiting, here = (Command.CLOSE, Command.PAUSE), threading.get_ident()
        while self._command in waiting and not self._iterating and self._loop_lock.acquire(blocking=False):
            self._applying = here
            try:
                self._apply_command()
                if report:
                    self._report()
            finally:
                self._applying = None
                self._loop_lock.release()

    def _apply_before_return(self, before: str) -> None:
        """Apply a command that came while `__next__` was about to return; report it in the next call.

        A hook that the report calls may raise, and the event would be lost. If applying the command itself
        raises, the event is not yielded, and the last event ID is again that of `before`.
        """
        try:
            self._apply_if_idle(report=False)
        except BaseException as error:
            self._last_event_id = before
            self._abort(error)
            raise

    def _apply_command(self) -> None:
        """Carry out the command; called with `_loop_lock` held."""
        command = self._command
        if command is Command.FORKED:
            raise self._of_another_process()
        if command is Command.TIME_OUT:
            self._end_with(self._timed_out())
            self._close_transport()
        elif command is Command.CLOSE:
            self._end()
            self._close_transport()
        elif command is not None and self._connection.state is not State.CLOSED:
            self._close_exchange(self._exchange)
            self._step = self._connection.pause() if command is Command.PAUSE else self._connect()
        # Clear the command only now: until then, `ready_state` must show its effect to other threads. A newer
        # command stays.
        with self._command_lock:
            if self._command is command:
                self._command = None

    # The parts of steps.

    def _save(self, store: Store) -> None:
        if self._last_event_id != self._saved_id:
            store.save(self._last_event_id)
            self._saved_id = self._last_event_id

    def _report(self) -> None:
        """Pass on the changes since the last report, to the log and to `on_state`."""
        for change in self._connection.changes():
            log(change)
            if self._prepare is None:
                self._warn_of_repetition(change)
            if self._on_state is not None:
                self._on_state(change)

    def _require_exchange(self) -> Exchange:
        if self._exchange is None:
            raise ReadError("there is no connection")
        return self._exchange

    def _close_exchange(self, exchange: Exchange | None) -> None:
        """Close this connection, if there is one; a blocked `open` or `read` ends with an error."""
        # Do not hold `_command_lock` here: a signal handler may call `close` in a thread that holds the
        # exchange's own lock, and the two would deadlock.
        if exchange is not None:
            exchange.close()
            # Clear it only now: if an interrupt comes first, the next `close` tries again.
            with self._command_lock:
                if self._exchange is exchange:
                    self._exchange = None

    def _close_transport(self) -> None:
        """Close the connection, and the transport if it is not the caller's; once."""
        if self._watchdog is not None:
            self._watchdog.cancel()
        if self._exchange is not None:
            self._close_exchange(self._exchange)
        if self._owns_transport:
            self._transport.close()
            self._owns_transport = False

    def _abort(self, error: BaseException) -> None:
        """Close everything because of an error: the stream's, a hook's, or an interrupt."""
        if self._command is Command.FORKED:
            # A hook has forked the process. The connection is the parent's.
            return
        self._end_with(error)
        self._close_transport()
        # Ignore what `on_state` raises: the first error is the one to surface.
        with contextlib.suppress(Exception):
            self._report()


class Batches(Generic[Item]):
    """What `EventSource.batches` returns."""

    def __init__(self, source: EventSource[Item], max_wait: float | None) -> None:
        self._source = source
        self._max_wait = max_wait

    def __iter__(self) -> Iterator[list[Item]]:
        if self._max_wait is not None:
            return self
        return chain.from_iterable(self._source._loops(in_lists=True))  # noqa: SLF001  # a part of it

    def __next__(self) -> list[Item]:
        return self._source._next_batch(self._max_wait)  # noqa: SLF001


def _default_transport() -> Transport:
    # Imported here: http.client and ssl take longer than all the rest, and a caller with another transport
    # does not need them.
    from ._urllib import UrllibTransport

    return UrllibTransport()
