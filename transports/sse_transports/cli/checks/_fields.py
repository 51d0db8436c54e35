"""Rules about the bytes of the stream: encoding, lines, fields, events."""

from __future__ import annotations

import re

from .._blocks import BOM
from .._units import bytes_text, plural
from ._observation import Ending, Observation
from ._rule import Result, Rule, failed, info, passed, quoted, skipped, warning
from ._stream import FIELDS, Line

GROUP = "stream"

LARGE = 64 * 1024
"""Bytes of an event above which some clients give up."""
REPLACEMENT = "\ufffd".encode()
VALID_NAME = re.compile(rb"[a-z][a-z0-9_-]*")
# Certainly meant as one of the standard's fields.
MISSPELLED_FIELD = re.compile(rb"[ \t]*(data|event|id|retry)[ \t]*", re.IGNORECASE)
MAX_PARSED = 200
"""How many events are parsed as JSON, at most."""

MIN_RETRY = 100
MAX_RETRY = 5 * 60 * 1000
"""Milliseconds between which a reconnection time is reasonable."""
LOOKS_LIKE_SECONDS = 60


def _encoding(observed: Observation) -> Result | None:
    body = observed.first.stream.body
    # Only complete lines: the check may have stopped in the middle of a character.
    complete = (
        body
        if observed.first.ending is Ending.ENDED
        else body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    )
    try:
        complete.decode()
    except UnicodeDecodeError as error:
        context = complete[max(0, error.start - 10) : error.start + 10]
        return failed(f"invalid UTF-8 at byte {error.start}: {context!r}; clients show U+FFFD there")
    return passed("UTF-8") if complete else None


def _replacement_characters(observed: Observation) -> Result | None:
    body = observed.first.stream.body
    count = body.count(REPLACEMENT)
    if not count:
        return None
    start = body.find(REPLACEMENT)
    context = body[max(0, start - 10) : start + 10].decode("utf-8", "replace")
    return warning(f"{plural(count, 'character')} U+FFFD sent, the first in {quoted(context)}")


def _byte_order_mark(observed: Observation) -> Result | None:
    stream = observed.first.stream
    marks = stream.body.count(b"\n" + BOM) + stream.body.count(b"\r" + BOM)
    if marks:
        return failed(f"{plural(marks, 'line')} after the first with a byte order mark: an unknown field")
    if stream.has_bom:
        return warning(
            "the stream begins with a byte order mark: allowed, but some clients lose the first event"
        )
    return None


def _line_endings(observed: Observation) -> Result | None:
    ends = [line.end for line in observed.first.stream.lines if line.end]
    if not ends:
        return None
    names = {b"\n": "LF", b"\r\n": "CRLF", b"\r": "CR"}
    counts = {names[end]: ends.count(end) for end in names if end in ends}
    evidence = ", ".join(f"{count} {name}" for name, count in counts.items())
    if len(counts) > 1:
        return warning(f"mixed: {evidence}: allowed, but usually an accident")
    if "CR" in counts:
        return warning(f"{evidence}: allowed, but some clients wait for an LF")
    return passed(evidence)


def _field_names(observed: Observation) -> Result | None:
    stream = observed.first.stream
    groups = [*(block.lines for block in stream.blocks), stream.incomplete]
    if not any(line.text and line.end for lines in groups for line in lines):
        return None
    unknown: list[Line] = []
    lost: list[Line] = []
    for lines in groups:
        has_data = any(line.name == b"data" for line in lines)
        for line in lines:
            if line.name and line.end and line.name not in FIELDS:
                (unknown if _is_harmless(line, has_data=has_data) else lost).append(line)
    if lost:
        return failed(f"{plural(len(lost), 'line')} that clients ignore, the first {quoted(lost[0].text)}")
    if unknown:
        names = sorted({line.name.decode() for line in unknown})
        return warning(
            f"unknown: {', '.join(names)[:60]}", "Move it into the data: no client can read such a field."
        )
    return passed("only data, event, id, retry and comments")


def _is_harmless(line: Line, *, has_data: bool) -> bool:
    """Return whether a line may be an extension or a one-word heartbeat, not text of the data."""
    is_name = VALID_NAME.fullmatch(line.name) is not None and not MISSPELLED_FIELD.fullmatch(line.name)
    return is_name and (b":" in line.text or not has_data)


def _last_event(observed: Observation) -> Result | None:
    stream = observed.first.stream
    if observed.first.ending is not Ending.ENDED:
        return None
    if not stream.pending:
        return passed("the stream ended after a blank line")
    return failed(f"the stream ended inside an event: clients discard {bytes_text(stream.pending)}")


def _types_without_data(observed: Observation) -> Result | None:
    blocks = [
        block for block in observed.first.stream.blocks if block.event is None and block.values(b"event")
    ]
    if not blocks:
        return None
    kind = quoted(blocks[0].values(b"event")[-1])
    return warning(
        f"{plural(len(blocks), 'block')} with a type ({kind}) and no data: not dispatched as events"
    )


def _empty_data(observed: Observation) -> Result | None:
    empty = [event for event in observed.first.stream.events if not event.data]
    if not empty:
        return None
    return info(f"{plural(len(empty), 'event')} with empty data: some clients parse it as JSON and fail")


def _event_size(observed: Observation) -> Result | None:
    sizes = [block.size for block in observed.first.stream.event_blocks]
    if not sizes:
        return None
    largest = max(sizes)
    evidence = f"the largest event has {bytes_text(largest)}"
    if largest > LARGE:
        return warning(f"{evidence}; some clients stop at 64 KiB to 1 MiB")
    return passed(evidence)


def _json(observed: Observation) -> Result | None:
    events = [event for event in observed.first.stream.events if event.data][:MAX_PARSED]
    broken = None
    parsed = 0
    for event in events:
        try:
            event.json()
            parsed += 1
        except (ValueError, RecursionError):
            looks_like_json = event.data.startswith("{") or event.data[:2] in {'["', "[{", "[["}
            broken = event if broken is None and looks_like_json else broken
    # In a stream without any JSON, a leading brace is just text.
    if broken is not None and parsed:
        return warning(f"data that looks like JSON but is not: {quoted(broken.data)}")
    if not parsed:
        return None
    others = len(events) - parsed
    evidence = f"the data of {plural(parsed, 'event')} is JSON"
    return info(evidence if not others else f"{evidence}; that of {others} is not")


def _retry(observed: Observation) -> Result:
    lines = [line for line in observed.first.stream.lines if line.name == b"retry" and line.end and line.text]
    for line in lines:
        if not re.fullmatch(rb"[0-9]+", line.value):
            return failed(f"{quoted(line.value)}: not only ASCII digits, so clients ignore it")
    if not lines:
        return info("none: each client uses its own default, browsers some 3 to 5 s")
    digits = lines[-1].value.lstrip(b"0")
    # Python refuses to convert thousands of digits; 12 are too many for any reasonable time.
    value = int(digits or b"0") if len(digits) < 12 else MAX_RETRY + 1
    evidence = f"{lines[-1].value[:20].decode()} ms"
    if value < LOOKS_LIKE_SECONDS:
        return warning(f"{evidence}: perhaps meant as seconds; as it is, all clients reconnect at once")
    if value < MIN_RETRY:
        return warning(f"{evidence}: all clients reconnect at once")
    if value > MAX_RETRY:
        return warning(f"{evidence}: after a dropped connection, clients wait for so long")
    return passed(evidence)


def _opening_comment(observed: Observation) -> Result | None:
    lines = observed.first.stream.lines
    if lines and lines[0].text.startswith(b":"):
        return passed("the stream begins with a comment")
    return None


def _any_event(observed: Observation) -> Result | None:
    stream = observed.first.stream
    body_size = bytes_text(len(stream.body))
    if stream.events:
        types = sorted({event.event for event in stream.events})
        shown = ", ".join(types[:5]) + (", ..." if len(types) > 5 else "")
        return info(f"{plural(len(stream.events), 'event')} of type {shown}, {body_size}")
    if observed.first.ending is Ending.ENDED:
        return warning("the stream ended without an event", "Answer 204 if there is nothing to send.")
    return skipped(f"no event in {body_size}")


RULES = (
    Rule(
        "events",
        GROUP,
        "There are events.",
        "WHATWG HTML 9.2.6",
        "Send 'data: ...' and a blank line.",
        _any_event,
    ),
    Rule(
        "utf-8",
        GROUP,
        "The bytes are UTF-8.",
        "WHATWG HTML 9.2.5",
        "Encode as UTF-8, whole characters at a time; send binary data as base64.",
        _encoding,
    ),
    Rule(
        "replacement-characters",
        GROUP,
        "No U+FFFD: it is a sign of bytes lost before they were sent.",
        "practice: text that was split inside a character and then decoded",
        "Decode forwarded text incrementally, or forward its bytes.",
        _replacement_characters,
    ),
    Rule(
        "byte-order-mark",
        GROUP,
        "None.",
        "WHATWG HTML 9.2.5",
        "Remove the byte order mark; in Python, encode as utf-8 and not as utf-8-sig.",
        _byte_order_mark,
    ),
    Rule(
        "line-endings",
        GROUP,
        "LF throughout, or CRLF throughout.",
        "WHATWG HTML 9.2.5",
        "End lines with LF; a line ending inside data begins a new 'data:' line.",
        _line_endings,
    ),
    Rule(
        "fields",
        GROUP,
        "Lines are fields of the standard, or comments.",
        "WHATWG HTML 9.2.6",
        "Begin each line of data with 'data: ', also after a line ending inside the data; write field names "
        "in lower case, without spaces around them.",
        _field_names,
    ),
    Rule(
        "last-event",
        GROUP,
        "The stream ends after a blank line.",
        "WHATWG HTML 9.2.6: an incomplete event at the end is discarded",
        "Write a blank line after the last event too.",
        _last_event,
    ),
    Rule(
        "types-without-data",
        GROUP,
        "A block with a type has data.",
        "WHATWG HTML 9.2.6: without data, no event is dispatched",
        "Add a 'data:' line, even an empty one; or send a comment as a heartbeat.",
        _types_without_data,
    ),
    Rule(
        "empty-data",
        GROUP,
        "Info: events with empty data.",
        "WHATWG HTML 9.2.6",
        "",
        _empty_data,
    ),
    Rule(
        "event-size",
        GROUP,
        f"At most {LARGE // 1024} KiB an event.",
        "practice: clients have limits of 64 KiB, 128 KiB, 1 MiB",
        "Send a reference to large data, or several events.",
        _event_size,
    ),
    Rule(
        "json",
        GROUP,
        "Data that looks like JSON is valid JSON.",
        "practice: JSON that was truncated, or written on several lines without 'data:'",
        "Write each event's JSON complete, and on one line.",
        _json,
    ),
    Rule(
        "retry",
        GROUP,
        f"Only digits: {MIN_RETRY} ms to {MAX_RETRY // 60000} minutes.",
        "WHATWG HTML 9.2.6 and 9.2.3",
        "Send 'retry: 3000', in milliseconds.",
        _retry,
    ),
    Rule(
        "opening-comment",
        GROUP,
        "A comment at the start makes proxies forward the response headers at once.",
        "WHATWG HTML 9.2.7",
        "",
        _opening_comment,
    ),
)
