"""What a stream carries: events, and the comments between them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

DEFAULT_TYPE = "message"
"""The type of an event whose stream named none (WHATWG HTML 9.2.6, "dispatch the event")."""


# How much of the data the error of `Event.json` quotes.
MAX_SHOWN = 100


class _JSONDecoder:
    """A `json.JSONDecoder` that is made when first used, so that parsing alone does not import `json`.

    Attributes:
        raw_decode: returns the value with which a text begins, and where it ends.
    """

    __slots__ = ("raw_decode",)

    raw_decode: Callable[[str], tuple[Any, int]]

    def __init__(self) -> None:
        self.raw_decode = self._import_and_decode

    def _import_and_decode(self, text: str) -> tuple[Any, int]:
        from json import JSONDecoder

        self.raw_decode = JSONDecoder().raw_decode
        return self.raw_decode(text)


_decoder = _JSONDecoder()


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
        # Fast way. It expects JSON without whitespace around it, which is what nearly all events carry.
        # `loads` looks for whitespace with two regular expressions, and an import statement takes time even
        # if the module is loaded. Without both, a chunk of the fixture `openai` takes 0.6 of the time.
        try:
            value, end = _decoder.raw_decode(self.data)
            if end == len(self.data):
                return value
        except ValueError:
            pass
        # Whitespace, or not JSON: `loads` decides.
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
