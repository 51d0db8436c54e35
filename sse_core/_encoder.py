"""Events to bytes: what a server sends, and what a test needs.

https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

from ._checks import LARGEST_NUMBER, check_text
from ._errors import InvalidArgument
from ._events import DEFAULT_TYPE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._events import Event


def encode(event: Event) -> bytes:
    r"""Return the bytes of one event, so that parsing them gives an equal event.

    An `id` of `""` writes no `id` line: on a stream that set an ID before, that one stays. (The
    line that clears it is `id` alone: `b"id\n\n"`.)

    Raises:
        InvalidArgument: a ValueError; what cannot round-trip is refused: CR in `data`; CR or LF in
            `event` or `id`, NUL in `id`; an empty `event`; a `retry` that is not an int from 0 to
            10**18 - 1; a lone surrogate anywhere.

    WHATWG HTML 9.2.5.
    """
    # A LF in the data starts another data line. A CR would too, and come back as LF. In the other fields,
    # both would end the line, and the rest of the value would be read as another field.
    check_text("data", event.data, "\r")
    check_text("event", event.event, "\r\n")
    check_text("id", event.id, "\r\n\0")
    if not event.event:
        raise InvalidArgument("event", 'is empty, which a reader takes for "message"')
    # In the order in which servers usually write them. What is the default is left out.
    lines = []
    if event.event != DEFAULT_TYPE:
        lines.append(f"event: {event.event}\n")
    if event.id:
        lines.append(f"id: {event.id}\n")
    if event.retry is not None:
        # The message does not show the value: Python refuses to write more than 4300 digits.
        if type(event.retry) is not int or not 0 <= event.retry <= LARGEST_NUMBER:
            raise InvalidArgument("retry", f"expected None, or an int of 0 to {LARGEST_NUMBER} milliseconds")
        lines.append(f"retry: {event.retry}\n")
    lines.extend(f"data: {line}\n" for line in event.data.split("\n"))
    lines.append("\n")
    return "".join(lines).encode()


def encode_comment(text: str) -> bytes:
    """Return the bytes of one comment, with a blank line after it, as heartbeats are sent.

    Raises:
        InvalidArgument: a ValueError; the text holds CR, LF or a lone surrogate.

    WHATWG HTML 9.2.5 and 9.2.7 (a comment every 15 seconds or so keeps proxies from dropping it).
    """
    check_text("text", text, "\r\n")
    return f": {text}\n\n".encode()
