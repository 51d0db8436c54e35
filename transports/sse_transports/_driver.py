"""What both event sources are made of, apart from waiting: a `Connection`, and what became of its events."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from sse_core import (
    Comment,
    Connect,
    Connection,
    Decide,
    Event,
    InvalidArgument,
    Pause,
    Read,
    ReadBody,
    ReadyState,
    RetryPolicy,
    SSEError,
    Stop,
    Wait,
)

from ._clock import Clock
from ._stores import Store

if TYPE_CHECKING:
    # As in `sse_core`: a source of which nobody says more is one of events.
    from sse_core._values import Item as Item
else:
    Item = TypeVar("Item", bound=Event | Comment)
Headers = Mapping[str, str]

Step = Read | Connect | ReadBody | Decide | Wait | Pause | Stop
"""The steps between deliveries."""

INTERRUPTED = "the iteration was interrupted, and that closed the source"

LONGEST_TIMEOUT = 2_147_483
"""Seconds, some 25 days: what the system's own timers can hold, in milliseconds of 32 bits."""


class Ended(Exception):
    """The iteration is over."""


class Command(Enum):
    """What a caller, perhaps in another thread or task, wants of a source that may be busy."""

    RECONNECT = "reconnect"
    PAUSE = "pause"
    CLOSE = "close"


class Driver(Generic[Item]):
    """The part of an event source that does no I/O: the same for threads and for tasks.

    The arguments are those of `EventSource`.
    """

    def __init__(
        self,
        url: str,
        *,
        method: str,
        headers: Headers | Callable[[], object] | None,
        json: object,
        content: bytes | str | None,
        last_event_id: str,
        retry: RetryPolicy | None,
        idle_timeout: float | None,
        timeout: float | None,
        max_event_size: int,
        until: str | Callable[[Event], bool] | None,
        comments: bool,
        store: Store | None,
        sensitive_headers: Iterable[str],
        clock: Clock,
    ) -> None:
        check_seconds("idle_timeout", idle_timeout)
        check_seconds("timeout", timeout)
        if headers is not None and not callable(headers) and not isinstance(headers, Mapping):
            raise InvalidArgument(
                "headers", f"expected a mapping or a function, not {type(headers).__name__}"
            )
        if store is not None:
            if not (hasattr(store, "load") and hasattr(store, "save")):
                raise InvalidArgument("store", f"expected load() and save(), as FileStore has, not {store!r}")
            check_plain(store=store.load)
            check_plain(store=store.save)
        # What an async function returns is true: the first event would be the last.
        check_plain(until=until)
        if store is not None and not last_event_id:
            last_event_id = store.load()
        connection = Connection(
            url,
            method=method,
            json=json,
            content=content,
            last_event_id=last_event_id,
            retry=retry,
            max_event_size=max_event_size,
            until=until,
            comments=comments,
            sensitive_headers=sensitive_headers,
        )
        self._connection = cast("Connection[Item]", connection)
        self._idle_timeout = idle_timeout
        self._timeout = timeout
        self._clock = clock
        self._store = store
        # The step to take when all events were handed over. A new connection is begun as after a wait.
        self._step: Step = Wait(0.0)
        self._events: Iterator[Item] = iter(())
        # What has arrived behind those; only tasks, which take turns, need that.
        self._arrived: Iterator[Item] = iter(())
        # The last event ID as of the last event handed over, and as of all that have arrived.
        self._last_event_id = last_event_id
        self._id_behind_events = last_event_id
        self._saved_id = last_event_id
        # Whether nothing has happened since the last report but bytes that came, as nearly always.
        self._quiet = False
        # What a caller wants, until whoever takes the steps has obeyed.
        self._command: Command | None = None

    @property
    def last_event_id(self) -> str:
        """The last event ID as of the last event that was yielded; `""` if none.

        Events that have arrived, but were not asked for yet, do not count: whoever keeps this and
        begins there another day misses nothing.
        """
        return self._last_event_id

    @property
    def ready_state(self) -> ReadyState:
        """CONNECTING (also while waiting or paused), OPEN or CLOSED, as in a browser."""
        command = self._command
        if command is None:
            return self._connection.ready_state
        # It is on its way there.
        return ReadyState.CLOSED if command is Command.CLOSE else ReadyState.CONNECTING

    @property
    def reconnection_time(self) -> int | None:
        """The server's last `retry` value in milliseconds, or None. It survives reconnects."""
        return self._connection.reconnection_time

    @property
    def url(self) -> str:
        """The URL asked last, after redirects."""
        return self._connection.url

    def _received(self, data: bytes) -> Step:
        """Bytes arrived, or the end of them: `b""`."""
        if data:
            delivery = self._connection.receive(data)
            # Now, and not as a step of its own: a command that has come could take its place.
            self._events = iter(delivery.events)
            self._id_behind_events = self._connection.last_event_id
            self._quiet = isinstance(delivery.then, Read)
            if not self._quiet and isinstance(delivery.then, Stop):
                # There were more events, which nobody gets; their IDs are not to count.
                ids = [event.id for event in delivery.events if isinstance(event, Event)]
                self._id_behind_events = ids[-1] if ids else self._last_event_id
            return delivery.then
        # A connection that we dropped ourselves may look like one that ended.
        return self._connection.end() if self._command is None else self._step

    def _failed(self, error: SSEError) -> Step:
        # A connection that we dropped ourselves did not fail.
        return self._connection.fail(error) if self._command is None else self._step

    def _at_hand(self) -> Item | None:
        """Return the next event of those that have arrived."""
        for event in self._events:
            if isinstance(event, Event):
                self._last_event_id = event.id
            return event
        return None

    def _discard(self) -> None:
        """Drop the events that were not asked for yet; the last event ID stays before them."""
        self._events = self._arrived = iter(())
        self._id_behind_events = self._last_event_id


def check_seconds(name: str, value: float | None) -> None:
    """Refuse what is no time limit.

    Raises:
        InvalidArgument: naming `name`.
    """
    if value is None:
        return
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise InvalidArgument(name, f"expected seconds or None, not {type(value).__name__}")
    # Written so that NaN fails too.
    if not 0 < value <= LONGEST_TIMEOUT:
        raise InvalidArgument(
            name, f"expected seconds above 0, up to {LONGEST_TIMEOUT} (None for no limit), not {value!r}"
        )


def check_hooks(**hooks: object) -> None:
    """Refuse what cannot be called.

    Raises:
        InvalidArgument: naming the hook.
    """
    for name, hook in hooks.items():
        if hook is not None and not callable(hook):
            raise InvalidArgument(name, f"expected a function, not {type(hook).__name__}")


def check_plain(**functions: object) -> None:
    """Refuse async functions where nobody awaits what they return.

    Raises:
        InvalidArgument: naming the function.
    """
    for name, function in functions.items():
        # Also an object that is called like one.
        called = vars(type(function)).get("__call__")
        if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called):
            raise InvalidArgument(name, "expected a plain function, not an async one")


def check_transport(transport: object, *, is_async: bool) -> None:
    """Refuse what is no transport, or one of the other kind.

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
        raise InvalidArgument("transport", f"expected exchange() and close(), which {name} has not")
    if inspect.iscoroutinefunction(close) is not is_async:
        kinds = ("a blocking", "an async") if is_async else ("an async", "a blocking")
        raise InvalidArgument("transport", f"{name} is {kinds[0]} transport, and {kinds[1]} one is expected")
