"""The bytes of the stream: encoding, lines, fields, events."""

from __future__ import annotations

import re

from ._observation import Ending, Observation
from ._rule import Rule, Seen, counted, doubtful, good, not_seen, note, quoted, size, wrong
from ._stream import BOM, FIELDS, Line

GROUP = "stream"

LARGE = 64 * 1024
"""Bytes of an event from which on some clients give up."""
REPLACEMENT = "\ufffd".encode()
TIDY_NAME = re.compile(rb"[a-z][a-z0-9_-]*")
# What is certainly meant as one of the standard's fields.
NEARLY = re.compile(rb"[ \t]*(data|event|id|retry)[ \t]*", re.IGNORECASE)
PARSED = 200
"""Events that are tried as JSON, at most."""

SOON = 100
LATE = 5 * 60 * 1000
"""Milliseconds between which a reconnection time makes sense."""
SECONDS_MEANT = 60


def _encoding(seen: Observation) -> Seen | None:
    body = seen.first.stream.body
    # A character that was cut by our own leaving is no fault.
    whole = (
        body if seen.first.ending is Ending.ENDED else body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    )
    try:
        whole.decode()
    except UnicodeDecodeError as error:
        about = whole[max(0, error.start - 10) : error.start + 10]
        return wrong(f"byte {error.start} is no UTF-8: {about!r}; clients show U+FFFD there")
    return good("UTF-8") if whole else None


def _replaced(seen: Observation) -> Seen | None:
    body = seen.first.stream.body
    count = body.count(REPLACEMENT)
    if not count:
        return None
    start = body.find(REPLACEMENT)
    about = body[max(0, start - 10) : start + 10].decode("utf-8", "replace")
    return doubtful(f"{counted(count, 'character')} U+FFFD sent, the first in {quoted(about)}")


def _mark(seen: Observation) -> Seen | None:
    stream = seen.first.stream
    marks = stream.body.count(b"\n" + BOM) + stream.body.count(b"\r" + BOM)
    if marks:
        return wrong(
            f"{counted(marks, 'line')} behind the first begin with a byte order mark: no known field"
        )
    if stream.has_bom:
        return doubtful(
            "the stream begins with a byte order mark: allowed, and some clients lose the first event"
        )
    return None


def _line_ends(seen: Observation) -> Seen | None:
    ends = [line.end for line in seen.first.stream.lines if line.end]
    if not ends:
        return None
    names = {b"\n": "LF", b"\r\n": "CRLF", b"\r": "CR"}
    counts = {names[end]: ends.count(end) for end in names if end in ends}
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    if len(counts) > 1:
        return doubtful(f"mixed: {told}: allowed, and most often an accident")
    return doubtful(f"{told}: allowed, and some clients wait for more") if "CR" in counts else good(told)


def _names(seen: Observation) -> Seen | None:
    stream = seen.first.stream
    groups = [*(block.lines for block in stream.blocks), stream.unfinished]
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
        return wrong(f"{counted(len(lost), 'line')} that clients drop, the first {quoted(lost[0].text)}")
    if unknown:
        names = sorted({line.name.decode() for line in unknown})
        return doubtful(
            f"unknown: {', '.join(names)[:60]}", "Put it into the data: no client can read such a field."
        )
    return good("data, event, id, retry and comments only")


def _is_harmless(line: Line, *, has_data: bool) -> bool:
    """Return whether a line is an extension, perhaps, or a heartbeat of one word; not text of the data."""
    is_tidy = TIDY_NAME.fullmatch(line.name) is not None and not NEARLY.fullmatch(line.name)
    return is_tidy and (b":" in line.text or not has_data)


def _finished(seen: Observation) -> Seen | None:
    stream = seen.first.stream
    if seen.first.ending is not Ending.ENDED:
        return None
    if not stream.pending:
        return good("the stream ended behind a blank line")
    return wrong(f"the stream ended inside an event: {size(stream.pending)} that no client gets")


def _without_data(seen: Observation) -> Seen | None:
    blocks = [block for block in seen.first.stream.blocks if block.event is None and block.values(b"event")]
    if not blocks:
        return None
    kind = blocks[0].values(b"event")[-1]
    return doubtful(
        f"{counted(len(blocks), 'block')} with a type ({quoted(kind)}) and no data: never an event"
    )


def _empty_blocks(seen: Observation) -> Seen | None:
    empty = [event for event in seen.first.stream.events if not event.data]
    if not empty:
        return None
    return note(f"{counted(len(empty), 'event')} with empty data: some clients give them to a JSON parser")


def _sizes(seen: Observation) -> Seen | None:
    sizes = [block.size for block in seen.first.stream.event_blocks]
    if not sizes:
        return None
    largest = max(sizes)
    if largest > LARGE:
        return doubtful(f"the largest event has {size(largest)}; some clients stop at 64 KiB to 1 MiB")
    return good(f"the largest event has {size(largest)}")


def _json(seen: Observation) -> Seen | None:
    events = [event for event in seen.first.stream.events if event.data][:PARSED]
    broken = None
    parsed = 0
    for event in events:
        try:
            event.json()
            parsed += 1
        except (ValueError, RecursionError):
            looks = event.data.startswith("{") or event.data[:2] in {'["', "[{", "[["}
            broken = event if broken is None and looks else broken
    # Text that begins with a brace now and then is none of our business.
    if broken is not None and parsed:
        return doubtful(f"data that looks like JSON and is none: {quoted(broken.data)}")
    if not parsed:
        return None
    rest = len(events) - parsed
    told = f"the data of {counted(parsed, 'event')} is JSON"
    return note(told if not rest else f"{told}; that of {rest} is not")


def _retry(seen: Observation) -> Seen:
    lines = [line for line in seen.first.stream.lines if line.name == b"retry" and line.end and line.text]
    for line in lines:
        if not re.fullmatch(rb"[0-9]+", line.value):
            return wrong(f"{quoted(line.value)}: not ASCII digits only, so that clients ignore it")
    if not lines:
        return note("none: each client waits as it likes, browsers for some 3 to 5 s")
    digits = lines[-1].value.lstrip(b"0")
    # Longer than any number that makes sense; Python would refuse thousands of digits.
    value = int(digits or b"0") if len(digits) < 12 else LATE + 1
    told = f"{lines[-1].value[:20].decode()} ms"
    if value < SECONDS_MEANT:
        return doubtful(f"{told}: perhaps seconds were meant; else clients come back at once, all of them")
    if value < SOON:
        return doubtful(f"{told}: clients come back at once, all of them")
    if value > LATE:
        return doubtful(f"{told}: who is cut is away for so long")
    return good(told)


def _opening(seen: Observation) -> Seen | None:
    lines = seen.first.stream.lines
    if lines and lines[0].text.startswith(b":"):
        return good("a comment comes first")
    return None


def _any_event(seen: Observation) -> Seen | None:
    stream = seen.first.stream
    if stream.events:
        kinds = sorted({event.event for event in stream.events})
        shown = ", ".join(kinds[:5]) + (", ..." if len(kinds) > 5 else "")
        return note(f"{counted(len(stream.events), 'event')} of type {shown}, {size(len(stream.body))}")
    if seen.first.ending is Ending.ENDED:
        return doubtful("the stream ended without an event", "Answer 204 where there is nothing to tell.")
    return not_seen(f"no event in {size(len(stream.body))}")


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
        "No U+FFFD: it tells of bytes that were lost before they were sent.",
        "practice: text that was cut inside a character, and decoded then",
        "Decode what you pass on incrementally, or pass its bytes on.",
        _replaced,
    ),
    Rule(
        "byte-order-mark",
        GROUP,
        "None.",
        "WHATWG HTML 9.2.5",
        "Leave the byte order mark out; in Python, encode as utf-8 and not as utf-8-sig.",
        _mark,
    ),
    Rule(
        "line-ends",
        GROUP,
        "LF throughout, or CRLF throughout.",
        "WHATWG HTML 9.2.5",
        "End lines with LF; a line end inside data begins a new 'data:' line.",
        _line_ends,
    ),
    Rule(
        "fields",
        GROUP,
        "Lines are fields of the standard, or comments.",
        "WHATWG HTML 9.2.6",
        "Begin each line of data with 'data: ', also those behind a line end inside the data; names are in "
        "lower case, without a space before or behind.",
        _names,
    ),
    Rule(
        "finished",
        GROUP,
        "A stream ends behind a blank line.",
        "WHATWG HTML 9.2.6: what is pending at the end is discarded",
        "Write a blank line behind the last event too.",
        _finished,
    ),
    Rule(
        "types-without-data",
        GROUP,
        "A block with a type has data.",
        "WHATWG HTML 9.2.6: without data, no event is dispatched",
        "Add a 'data:' line, be it empty; or send a comment, if it is a heartbeat.",
        _without_data,
    ),
    Rule(
        "empty-data",
        GROUP,
        "Told: events whose data is empty.",
        "WHATWG HTML 9.2.6",
        "",
        _empty_blocks,
    ),
    Rule(
        "event-size",
        GROUP,
        f"At most {LARGE // 1024} KiB an event.",
        "practice: clients have limits of 64 KiB, 128 KiB, 1 MiB",
        "Send a reference to large data, or several events.",
        _sizes,
    ),
    Rule(
        "json",
        GROUP,
        "Data that looks like JSON is JSON.",
        "practice: JSON that was cut, or written over several lines without 'data:'",
        "Write each event's JSON whole, and on one line.",
        _json,
    ),
    Rule(
        "retry",
        GROUP,
        f"Digits: {SOON} ms to {LATE // 60000} minutes.",
        "WHATWG HTML 9.2.6 and 9.2.3",
        "Send 'retry: 3000', in milliseconds.",
        _retry,
    ),
    Rule(
        "opening-comment",
        GROUP,
        "A comment at the start makes head and first byte come at once.",
        "WHATWG HTML 9.2.7",
        "",
        _opening,
    ),
)
