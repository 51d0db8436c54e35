"""What `Connection` says to do next. A driver does just that, and reports what came of it."""

from __future__ import annotations

from ._record import Record
from ._typing import Generic, Item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._errors import SSEError
    from ._handshake import Request


class Connect(Record):
    """Drop the connection, if there is one; send `request`; call `respond` with the answer, or `fail`.

    Redirects are not to be followed: `respond` returns where they lead.
    """

    __slots__ = __match_args__ = ("request",)
    request: Request

    def __init__(self, request: Request) -> None:
        self._set(request=request)


class Read(Record):
    """Read what arrives next and call `receive`; `end` where the body ends; `fail` where it breaks."""

    __slots__ = __match_args__ = ()


class ReadBody(Record):
    """Read the start of a body that is no event stream, drop the connection, and call `refuse` with it.

    The answer is the error, whatever becomes of its body: one that breaks or takes too long ends there.

    Attributes:
        limit: bytes that are enough.
        timeout: seconds that are enough, for all of them.
    """

    __slots__ = __match_args__ = ("limit", "timeout")
    limit: int
    timeout: float

    def __init__(self, limit: int, timeout: float) -> None:
        self._set(limit=limit, timeout=timeout)


class Deliver(Generic[Item], Record):
    """Hand on `events` in order, then take the step `then`."""

    __slots__ = __match_args__ = ("events", "then")
    events: list[Item]
    then: Read | Decide | Stop

    def __init__(self, events: list[Item], then: Read | Decide | Stop) -> None:
        _set_events(self, events)
        _set_then(self, then)


# As `_set` does it, but in a sixth of the time: this one is made for every chunk.
_set_events = Deliver.__dict__["events"].__set__
_set_then = Deliver.__dict__["then"].__set__


class Decide(Record):
    """Drop the connection, let the caller look at `cause` (None: a proper end), call `decide`."""

    __slots__ = __match_args__ = ("cause",)
    cause: SSEError | None

    def __init__(self, cause: SSEError | None) -> None:
        self._set(cause=cause)


class Wait(Record):
    """Wait `delay` seconds, then call `connect`."""

    __slots__ = __match_args__ = ("delay",)
    delay: float

    def __init__(self, delay: float) -> None:
        self._set(delay=delay)


class Pause(Record):
    """Drop the connection and do nothing, until the caller wants to go on; then call `connect`."""

    __slots__ = __match_args__ = ()


class Stop(Record):
    """Drop the connection; it is over. Raise `error` if there is one."""

    __slots__ = __match_args__ = ("error",)
    error: BaseException | None

    def __init__(self, error: BaseException | None) -> None:
        self._set(error=error)


Step = Connect | Read | ReadBody | Deliver[Item] | Decide | Wait | Pause | Stop
"""Every step there is: a `match` over these is complete.

For type checkers `Step` delivers events, and `"Step[Event | Comment]"`, in quotes, comments too.
"""
