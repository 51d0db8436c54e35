"""What `EventSource` and `AsyncEventSource` share: everything that needs neither a thread nor a task.

`Driver` owns the `Connection` of `sse_core` and the events that have arrived but were not yielded yet. The
sources add what can block: I/O, sleeping, the caller's hooks, and locks. What a source does next follows from
two attributes:

- `_step` is the step to take when all buffered events were yielded (see `sse_core._connection`). While it is
  `Read`, there is nothing to report.
- `_command` is what a caller asked for with `close`, `pause`, `resume` or `reconnect`; None once that is
  done. It takes precedence: it replaces `_step`, and the error of a connection that a command dropped is
  ignored. In a forked child it is `FORKED` for ever (see `_forked_sources`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from operator import length_hint
from typing import TYPE_CHECKING, Any, Generic, Literal, TypedDict, TypeGuard, TypeVar

from sse_core import (
    Comment,
    Connection,
    Deliver,
    Event,
    IllegalState,
    InvalidArgument,
    Opened,
    ReadyState,
    Request,
    Response,
    SSEError,
    State,
    StateChange,
    Step,
    Stop,
    TotalTimeout,
    Wait,
)

from ._clock import Clock
from ._forked_sources import mark_in_child
from ._stores import Store

if TYPE_CHECKING:
    from sse_core._connection import Options as ConnectionOptions

    # Its default is `Event`, which `typing.TypeVar` supports from Python 3.13 on.
    from sse_core._values import Item as Item
else:
    # The core has its option types for type checkers only: `typing` would double the time of its import.
    class ConnectionOptions(TypedDict):
        pass

    Item = TypeVar("Item", bound=Event | Comment)

Headers = Mapping[str, str]

Param = str | int | float | bool | None
Params = Mapping[str, Param | Sequence[Param]] | Iterable[tuple[str, Param]]

AtEnd = Literal["raise", "drop", "dispatch"]

INTERRUPTED = "the iteration was interrupted, and that closed the source"
CANCELLED = f"{INTERRUPTED}; to limit the wait, use batches(max_wait=...)"

IN_HOOK = "a hook cannot iterate the source that called it"

CLIENT_TRANSPORTS = {
    "httpx2.Client": ("Httpx2Transport", "EventSource"),
    "httpx2.AsyncClient": ("AsyncHttpx2Transport", "AsyncEventSource"),
    "aiohttp.ClientSession": ("AiohttpTransport", "AsyncEventSource"),
}
"""HTTP clients, the transport that each can be wrapped in, and the event source that takes it."""

HTTPX_CLIENTS = {"httpx.Client": "httpx2.Client", "httpx.AsyncClient": "httpx2.AsyncClient"}
"""Clients that cannot be wrapped, and those of their successor, which can."""

TRANSPORTS = {
    False: "UrllibTransport and Httpx2Transport",
    True: "AnyioTransport, AiohttpTransport and AsyncHttpx2Transport",
}
"""The transports there are, by whether they are async."""

REST_TIMEOUT = 0.05
"""Seconds in which the body must end after `until`, for the connection to be used again."""

MAX_REST = 2**16
"""The largest number of bytes that are read then."""

LONGEST_TIMEOUT = 2_147_483
"""Seconds, some 25 days: the timers of operating systems count milliseconds in 32 bits."""


class CommonOptions(ConnectionOptions, total=False):
    """The types of the keyword arguments that both sources have, except `comments`."""

    idle_timeout: float | None
    timeout: float | None
    total_timeout: float | None
    store: Store | None
    on_open: Callable[[Response], object] | None
    on_state: Callable[[StateChange], object] | None
    clock: Clock | None


class Ended(Exception):
    """Raised inside the loop when the iteration is over."""


class Command(Enum):
    """What a caller asks for while another thread or task may be iterating.

    Two are not asked for. `TIME_OUT`: `total_timeout` has passed while the thread was blocked. `FORKED`:
    this process is a forked child, and the source belongs to its parent.
    """

    # Under Python 3.11, looking up a member takes as long as a call. So what runs for each read checks first
    # whether there is a command at all.

    RECONNECT = "reconnect"
    PAUSE = "pause"
    CLOSE = "close"
    TIME_OUT = "time out"
    FORKED = "forked"


class Driver(Generic[Item]):
    """The part of an event source that never blocks, the same for threads and tasks.

    Args:
        connection: the state of the event source, from `sse_core`.
        headers: a mapping, or a function that the source calls before each attempt.
        idle_timeout: see `EventSource`, as for the rest.
        timeout: see `EventSource`.
        total_timeout: see `EventSource`.
        store: see `EventSource`.
        clock: see `EventSource`.
        comments: see `EventSource`.
    """

    # In slots, because an object with more than 30 attributes in its dict is larger and reads them slower.
    # The sources have some 15 more. `_exchange`, which they set, is among these because each read needs it.
    __slots__ = (
        "_clock",
        "_command",
        "_completed",
        "_connection",
        "_deadline",
        "_ended_early",
        "_events",
        "_exchange",
        "_have_ids",
        "_id_after_events",
        "_idle_timeout",
        "_iterating",
        "_last_event_id",
        "_prepared_id",
        "_process",
        "_read_timeout",
        "_saved_id",
        "_step",
        "_store",
        "_timeout",
        "_total_timeout",
        "_warned_of_repetition",
    )

    def __init__(
        self,
        connection: Connection[Any],
        *,
        headers: object,
        idle_timeout: float | None,
        timeout: float | None,
        total_timeout: float | None,
        store: Store | None,
        clock: Clock,
        comments: bool,
    ) -> None:
        check_seconds("idle_timeout", idle_timeout)
        check_seconds("timeout", timeout)
        check_seconds("total_timeout", total_timeout)
        check_headers(connection.url, headers)
        self._connection: Connection[Item] = connection
        self._idle_timeout = idle_timeout
        self._timeout = timeout
        self._total_timeout = total_timeout
        # When `total_timeout` will have passed, on the clock; None before the first step, and without one.
        self._deadline: float | None = None
        # The idle timeout of the current connection, which does not go beyond the deadline.
        self._read_timeout = idle_timeout
        self._clock = clock
        self._store = store
        # The first connection is opened like one after a wait.
        self._step: Step[Item] = Wait(0.0)
        self._command: Command | None = None
        # The events that have arrived and were not yielded yet.
        self._events: Iterator[Any] = iter(())
        # Whether all of them are an `Event`, which has an ID.
        self._have_ids = not comments
        # The last event ID after the last event that was yielded; after all of `_events`, None if that is the
        # ID of the last of them; and in the store.
        self._last_event_id = connection.last_event_id
        self._id_after_events: str | None = None
        self._saved_id = connection.last_event_id
        # The last event ID that `prepare` was called with.
        self._prepared_id = connection.last_event_id
        self._warned_of_repetition = False
        # Whether an iteration looks for the next event: a second one is refused meanwhile.
        self._iterating = False
        # Whether the iteration has come to the end of the stream, or was ended before.
        self._completed = self._ended_early = False
        self._process = os.getpid()
        mark_in_child(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {without_secrets(self.url)} {self.ready_state.name}>"

    @property
    def last_event_id(self) -> str:
        """The last event ID as of the last event that was yielded; `""` if none.

        Events that have arrived, but were not asked for yet, do not count: a program that saves this ID
        and resumes from it later misses no event.

        It can be set, for the next connection, which `reconnect` opens at once: `""` or None begins anew.
        The stream that is open, and events that have arrived, may set it again.
        Set during a wait, `prepare` is called once more, and what it returns is sent.
        """
        return self._last_event_id

    @last_event_id.setter
    def last_event_id(self, value: str | None) -> None:
        self._connection.last_event_id = value
        self._last_event_id = self._id_after_events = self._connection.last_event_id

    @property
    def ready_state(self) -> ReadyState:
        """CONNECTING (also while waiting or paused), OPEN or CLOSED, as in a browser."""
        command = self._command
        if command is None:
            return self._connection.ready_state
        # As it will be when the command has been carried out.
        return ReadyState.CLOSED if self._is_closed() else ReadyState.CONNECTING

    @property
    def reconnection_time(self) -> int | None:
        """The server's last `retry` value in milliseconds, or None. It survives reconnects."""
        return self._connection.reconnection_time

    @property
    def bytes_received(self) -> int:
        """Bytes of event streams so far, over all connections."""
        return self._connection.bytes_received

    @property
    def events_received(self) -> int:
        """Events that have arrived so far, over all connections, whether they were yielded yet or not."""
        return self._connection.events_received

    @property
    def response(self) -> Response | None:
        """The status and headers of the last stream that was opened; None before the first."""
        return self._connection.response

    @property
    def completed(self) -> bool:
        """Whether the stream has come to its end, and all of it was yielded.

        That is at `until`, at a 204, or at a clean end after which there is no reconnection. False before
        that, after an error, and if `close` came first.
        """
        return self._completed

    @property
    def url(self) -> str:
        """The URL of the last request, after redirects."""
        return self._connection.url

    def _is_closed(self) -> bool:
        """Return whether the source is closed for good, or about to be."""
        closing = (Command.CLOSE, Command.TIME_OUT, Command.FORKED)
        return self._connection.state is State.CLOSED or self._command in closing

    def _is_paused(self) -> bool:
        """Return whether the source is paused, or about to be."""
        return self._command is Command.PAUSE or self._connection.state is State.PAUSED

    def enter_fork(self) -> None:
        """Leave the stream to the parent: this process is a forked child. See `_forked_sources`."""
        self._command = Command.FORKED

    def _iterating_elsewhere(self) -> IllegalState:
        """Return the error for a second iteration while one is running."""
        if self._command is Command.FORKED:
            return self._of_another_process()
        return IllegalState(f"another iteration of this {type(self).__name__} is running")

    def _of_another_process(self) -> IllegalState:
        """Return the error for using a source that was made before a fork."""
        return IllegalState(
            f"this source belongs to process {self._process}; make a new one in this one ({os.getpid()})"
        )

    def _receive(self, data: bytes) -> Step[Item]:
        """Pass on bytes that were read, `b""` at the end of the body; return the next step.

        Events are buffered at once: a command may replace the step, and events that have arrived are to be
        yielded all the same.
        """
        if self._deadline is not None:
            self._check_deadline()
        if data:
            return self._buffer(self._connection.receive(data))
        # When a command has closed the connection, that may look like the end of the body.
        step = self._connection.end() if self._command is None else self._step
        return self._buffer(step) if isinstance(step, Deliver) else step

    def _buffer(self, delivery: Deliver[Item]) -> Step[Item]:
        """Keep events that have arrived, to be yielded; return the step after them."""
        self._events = iter(delivery.events)
        if isinstance(delivery.then, Stop):
            # At `until`, the connection has parsed events that are not delivered; ignore their IDs.
            self._id_after_events = None
        else:
            self._id_after_events = self._connection.last_event_id
        return delivery.then

    def _pass_events(self) -> None:
        """Note that all buffered events were yielded: an ID may have come after the last of them."""
        if self._id_after_events is not None:
            self._last_event_id, self._id_after_events = self._id_after_events, None

    def _fail(self, error: SSEError) -> Step[Item]:
        """Return the step after an error of the exchange; ignore the error if a command caused it."""
        if self._command is not None:
            return self._step
        self._check_deadline(error)
        return self._connection.fail(error)

    def _next_buffered(self) -> Item | None:
        """Return the next event that has arrived, or None."""
        item: Item | None = next(self._events, None)
        if isinstance(item, Event):
            self._last_event_id = item.id
        return item

    def _take_batch(self) -> list[Item] | None:
        """Return all events that have arrived; None if there are none."""
        items = [*self._events]
        if not items:
            return None
        for item in reversed(items):
            if isinstance(item, Event):
                self._last_event_id = item.id
                break
        return items

    def _has_batch(self) -> bool | None:
        """Return True if events have arrived, else None."""
        return length_hint(self._events) > 0 or None

    def _opened(self) -> bool | None:
        """Return True if a stream is open or has left events to yield, else None."""
        # A pause keeps events, too.
        return self._connection.state is State.OPEN or self._has_batch()

    def _time_left(self, seconds: float | None) -> float | None:
        """Return `seconds`, or fewer if the deadline comes first; None if there is no limit."""
        if self._deadline is None:
            return seconds
        # Some calls that wait do not accept 0.
        left = max(self._deadline - self._clock.monotonic(), 0.001)
        return left if seconds is None else min(seconds, left)

    def _check_deadline(self, cause: BaseException | None = None) -> None:
        """Raise `TotalTimeout` if the deadline has passed, caused by the error that was met then."""
        if self._is_late():
            raise self._timed_out() from cause

    def _is_late(self) -> bool:
        """Return whether the deadline has passed."""
        return self._deadline is not None and self._clock.monotonic() >= self._deadline

    def _timed_out(self) -> TotalTimeout:
        return TotalTimeout(self._total_timeout or 0.0)

    def _finished(self, error: BaseException | None) -> BaseException:
        """Return what ends the iteration, at the step `Stop`."""
        if error is None:
            self._completed = not self._ended_early
        return Ended() if error is None else error

    def _warn_of_repetition(self, change: StateChange) -> None:
        """Log, once, that a stream without IDs begins again: its events may come twice, or be missing."""
        if not self._warned_of_repetition and begins_again(change):
            from ._log import warn_of_repetition

            self._warned_of_repetition = True
            warn_of_repetition(change)

    def _end(self, error: Exception | None = None) -> None:
        """Close the connection's state and drop the buffered events; the last event ID stays before them."""
        self._events = iter(())
        self._id_after_events = None
        self._ended_early = not self._completed
        self._step = self._connection.close(error)

    def _end_with(self, error: BaseException) -> None:
        """End the source because of an error, which iterating again raises again."""
        if not isinstance(error, Exception) and self._is_late():
            # The cancellation is that of the deadline.
            error = self._timed_out()
        cause = error if isinstance(error, Exception) else None
        self._end(cause)
        self._command = None
        # After an interrupt (Ctrl-C, a cancellation), iterating again must not look like the end of a stream.
        is_exit = isinstance(error, (KeyboardInterrupt, SystemExit))
        self._step = Stop(cause or IllegalState(INTERRUPTED if is_exit else CANCELLED))


def log(change: StateChange) -> None:
    """Log a state change to "sse_transports"."""
    # While nothing has imported `logging`, nothing has added a handler, and Python shows warnings only, which
    # have a cause. Its import takes nearly as long as that of all of `sse_core`.
    if change.cause is not None or "logging" in sys.modules:
        from ._log import log

        log(change)


def begins_again(change: StateChange) -> TypeGuard[Opened]:
    """Return whether a stream was opened again, and has no ID to resume after."""
    return isinstance(change, Opened) and change.events_received > 0 and not change.last_event_id


def without_secrets(url: str) -> str:
    """Return the URL of a request without its query, which may contain an API key."""
    base, _, query = url.partition("#")[0].partition("?")
    return f"{base}?…" if query else base


def resume_id(last_event_id: str | None, store: Store | None) -> str | None:
    """Return the ID to resume after: the caller's, else the one in the store.

    Raises:
        InvalidArgument: `store` is no store, or an async one.
    """
    if store is None:
        return last_event_id
    if not (hasattr(store, "load") and hasattr(store, "save")):
        raise InvalidArgument("store", f"expected load() and save(), as FileStore has, not {store!r}")
    check_not_async(store=store.load)
    check_not_async(store=store.save)
    return last_event_id or store.load()


def check_seconds(name: str, value: float | None) -> None:
    """Check a time limit: None, or seconds above 0.

    Raises:
        InvalidArgument: naming `name`.
    """
    if value is None:
        return
    if not _is_number(value):
        is_pair = name == "timeout" and _has_both_limits(value)
        hint = "; idle_timeout bounds the silence of the stream" if is_pair else ""
        raise InvalidArgument(name, f"expected seconds or None, not {type(value).__name__}{hint}")
    # Written so that NaN fails too.
    if not 0 < value <= LONGEST_TIMEOUT:
        raise InvalidArgument(
            name, f"expected seconds above 0, up to {LONGEST_TIMEOUT} (None for no limit), not {value!r}"
        )


def _has_both_limits(value: object) -> bool:
    """Return whether this is what other clients take for the limits of connecting and of each read."""
    return isinstance(value, tuple) or hasattr(value, "connect")


def check_delay(delay: object) -> None:
    """Check what `on_error` returned.

    Raises:
        InvalidArgument: naming `on_error`.
    """
    # Written so that NaN fails too.
    if delay is not None and not (_is_number(delay) and 0 <= delay < float("inf")):
        raise InvalidArgument(
            "on_error",
            "expected seconds after which to try again, or None for what the policy decides"
            f" (to end the iteration, raise), not {delay!r}",
        )


def _is_number(value: object) -> TypeGuard[float]:
    # A bool is an int to Python, and a mistake here.
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def check_prepared(request: object) -> None:
    """Check what `prepare` returned.

    Raises:
        InvalidArgument: naming `prepare`.
    """
    if not isinstance(request, Request):
        raise InvalidArgument("prepare", f"expected it to return a Request, not {type(request).__name__}")


def check_headers(url: str, headers: object) -> None:
    """Check header fields, or that they come from a function, whose result is checked at each attempt.

    Raises:
        InvalidArgument: naming `headers`, or the field.
    """
    if headers is None or callable(headers):
        return
    if not isinstance(headers, Mapping):
        raise InvalidArgument("headers", f"expected a mapping or a function, not {type(headers).__name__}")
    # A connection checks them when it begins. This one is never used for more.
    Connection(url).connect(headers)


def check_hooks(**hooks: object) -> None:
    """Check that each hook is callable or None.

    Raises:
        InvalidArgument: naming the hook.
    """
    for name, hook in hooks.items():
        if hook is not None and not callable(hook):
            raise InvalidArgument(name, f"expected a function, not {type(hook).__name__}")


def check_not_async(**functions: object) -> None:
    """Check that none of these is an async function: the coroutine it returns would never be awaited.

    Raises:
        InvalidArgument: naming the function.
    """
    for name, function in functions.items():
        # `__call__` is that of an object that can be called like a function.
        if callable(function) and (_is_async(function) or _is_async(vars(type(function)).get("__call__"))):
            raise InvalidArgument(name, "expected a plain function, not an async one")


def check_transport(transport: object, *, is_async: bool) -> None:
    """Check that this is a transport, blocking or async as expected.

    Raises:
        InvalidArgument: naming `transport`.
    """
    if transport is None:
        return
    if isinstance(transport, type):
        raise InvalidArgument("transport", f"expected an instance: {transport.__name__}()")
    name = type(transport).__name__
    close = getattr(transport, "close", None)
    if not callable(close) or not callable(getattr(transport, "exchange", None)):
        raise InvalidArgument("transport", _not_a_transport(transport, is_async=is_async))
    if _is_async(close) is not is_async:
        kinds = ("a blocking", "an async") if is_async else ("an async", "a blocking")
        raise InvalidArgument("transport", f"{name} is {kinds[0]} transport, and {kinds[1]} one is expected")


def _not_a_transport(value: object, *, is_async: bool) -> str:
    """Return what to pass as `transport` instead of `value`."""
    for base in type(value).__mro__:
        # The package is public, the module that defines the class often is not.
        client = f"{base.__module__.partition('.')[0]}.{base.__name__}"
        if client in HTTPX_CLIENTS:
            successor = HTTPX_CLIENTS[client]
            wrapper, source = CLIENT_TRANSPORTS[successor]
            return (
                f"expected a transport, and {client} is not supported: {wrapper}(client) makes one of"
                f" {successor}, for {source}"
            )
        if client in CLIENT_TRANSPORTS:
            wrapper, source = CLIENT_TRANSPORTS[client]
            return (
                f"expected a transport, not a client: {wrapper}(client) makes one of {client}, for {source}"
            )
    name = type(value).__name__
    return f"expected exchange() and close(), which {name} does not have; there are {TRANSPORTS[is_async]}"


def _is_async(function: object) -> bool:
    # Imported here: it takes longer than importing all of `sse_core`, and a source without hooks, store and
    # transport does not need it.
    import inspect

    return inspect.iscoroutinefunction(function)
