"""What a stream carries: events, and the comments between them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

DEFAULT_TYPE = "message"
"""The type of an event whose stream named none (WHATWG HTML 9.2.6, "dispatch the event")."""


# How much of the data the error of `Event.json` quotes.
MAX_SHOWN = 100


class Event:
    """One event of a stream. It is mutable: a frozen one would take three times as long to make.

    Attributes:
        data: the `data` lines joined with LF. May be empty.
        event: the event's type, as `MessageEvent.type` in a browser; `"message"` if none was sent.
        id: the last event ID when this event was dispatched, as `MessageEvent.lastEventId` in a
            browser: it stays from earlier events until the server sends another. `""` if none.
        retry: the `retry` value in milliseconds sent within this event, or None. A browser keeps
            it to itself.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
    """

    # Not a dataclass, whose import costs more than all of this package, and not a NamedTuple, which is equal
    # to any tuple with the same values.
    __slots__ = ("data", "event", "id", "retry")
    __match_args__ = ("data", "event", "id", "retry")
    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # mutable, so not hashable

    data: str
    event: str
    id: str
    retry: int | None

    def __init__(self, data: str, event: str = DEFAULT_TYPE, id: str = "", retry: int | None = None) -> None:
        self.data = data
        self.event = event
        self.id = id
        self.retry = retry

    def json(self) -> Any:
        """Return `json.loads(data)`.

        Raises:
            json.JSONDecodeError: `data` is not JSON (a ValueError); the message has the start of it.
        """
        # Imported when first used: a parser that only passes data on never pays for it.
        from json import JSONDecodeError, loads

        try:
            return loads(self.data)
        except JSONDecodeError as error:
            shown = repr(self.data[:MAX_SHOWN]) + ("..." if len(self.data) > MAX_SHOWN else "")
            # Many streams end with a text such as [DONE].
            hint = "if it ends the stream, pass it as `until`"
            message = f"the event's data is not JSON: {shown} ({hint}): {error.msg}"
            raise JSONDecodeError(message, self.data, error.pos) from None

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return (
            self.data == other.data
            and self.event == other.event
            and self.id == other.id
            and self.retry == other.retry
        )

    def __repr__(self) -> str:
        return f"Event(data={self.data!r}, event={self.event!r}, id={self.id!r}, retry={self.retry!r})"


class Comment:
    """A comment line, delivered only where `comments=True` asks for it. Servers send them as heartbeats.

    Attributes:
        text: what follows the colon, without one leading space.
    """

    __slots__ = ("text",)
    __match_args__ = ("text",)
    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # mutable, so not hashable

    text: str

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.text == other.text

    def __repr__(self) -> str:
        return f"Comment(text={self.text!r})"
