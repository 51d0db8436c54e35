"""What a parser makes of a stream, in the names of the standard, and which of these it shows at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager


@dataclass(frozen=True, slots=True)
class Said:
    """One event as a parser gives it. An id of None: the event does not say, which may be by design."""

    event: str
    data: str
    id: str | None
    retry: object = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A whole stream as a parser gives it."""

    events: list[Said]
    last_event_id: str | None = None
    retry: object = None


@dataclass(frozen=True, slots=True)
class Shows:
    """What a parser shows its user, beside the type and the data of each event.

    Attributes:
        last_id: the last event ID, also when no event came with it.
        begins: it can be told the last event ID of an earlier connection.
        own_ids: an event has the id of its own lines, and its user keeps the last one.
        retry: the reconnection time: of the `"stream"`, of an `"event"` that came with it, or not (`""`).
    """

    last_id: bool = False
    begins: bool = False
    own_ids: bool = False
    retry: str = ""


@dataclass(frozen=True, slots=True)
class Peer:
    """A parser, in a release, and the way to it that its documentation shows."""

    name: str
    version: str
    shows: Shows
    open: Callable[[], AbstractContextManager[Callable[[Sequence[bytes], str], Heard]]]
