"""The events that a parser returns, in the names of the standard, and which values it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """One event as a parser returns it. The id is None if the parser does not show one for this event."""

    event: str
    data: str
    id: str | None
    retry: object = None


@dataclass(frozen=True, slots=True)
class ParsedStream:
    """A whole stream as a parser returns it."""

    events: list[ParsedEvent]
    last_event_id: str | None = None
    retry: object = None


@dataclass(frozen=True, slots=True)
class Shows:
    """The values that a parser shows its user, in addition to the type and the data of each event.

    Attributes:
        last_id: the last event ID, also if no event came with it.
        initial_id: the parser accepts the last event ID of an earlier connection.
        own_ids: an event has only the id of its own lines; the user remembers the last one.
        retry: the reconnection time: of the `"stream"`, of the `"event"` it came with, or not shown (`""`).
    """

    last_id: bool = False
    initial_id: bool = False
    own_ids: bool = False
    retry: str = ""


@dataclass(frozen=True, slots=True)
class Peer:
    """A parser and how to call it.

    Attributes:
        version: the installed version.
        shows: what its events can be checked for.
        open: returns a context manager with a function that reads the chunks of one stream. Its second
            argument is the last event ID of an earlier connection.
    """

    name: str
    version: str
    shows: Shows
    open: Callable[[], AbstractContextManager[Callable[[Sequence[bytes], str], ParsedStream]]]
