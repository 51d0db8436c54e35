"""Score a parser on a vector, by the values that it shows its user and by nothing else.

There are three outcomes. The parser is wrong if it raises, or if any value that it shows differs from the
standard, however the stream is split into chunks. Otherwise, the vector is not scored if it is about a value
that the parser does not show, such as the reconnection time. Otherwise, the parser is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.comparison.events import ParsedEvent, ParsedStream, Shows
    from sse_core import Event
    from sse_transports.testing import Vector

    Pairs = list[tuple[ParsedEvent, Event | None]]
    """Each event of a parser with the expected one, or with None for an event that is ignored."""

MAX_RETRY = 10**18 - 1
"""The vectors cap the reconnection time at this. The standard has no cap, so a larger number is right too."""

OTHER_SUBJECT = frozenset({"byte-order-mark", "ids", "retry"})
"""Groups whose vectors contain blocks without data, but test something else.

Some parsers return an empty event for such a block. That is wrong, and they fail the vectors of the group
`dispatch` for it. In these groups the empty event is ignored, so that one bug does not count thirty times.
"""


class Outcome(Enum):
    """The result of a vector."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_SHOWN = "not shown"


SEVERITY = (Outcome.WRONG, Outcome.NOT_SHOWN, Outcome.RIGHT)


@dataclass(frozen=True, slots=True)
class Score:
    """The result of a vector, and a description of what was wrong or not shown."""

    outcome: Outcome
    why: str = ""


def score(
    vector: Vector, group: str, shows: Shows, read: Callable[[Sequence[bytes], str], ParsedStream]
) -> Score:
    """Read a vector in the chunks of its file, whole, and byte by byte."""
    result = Score(Outcome.RIGHT)
    if vector.initial_last_event_id and not (shows.initial_id or shows.own_ids):
        return Score(Outcome.NOT_SHOWN, "the last event ID of an earlier connection")
    for how, chunks in splits(vector):
        try:
            stream = read(chunks, vector.initial_last_event_id)
        except Exception as error:  # noqa: BLE001  # any error is a wrong result
            return Score(Outcome.WRONG, f"{how}: {error!r}")
        found = score_stream(vector, group, shows, stream)
        if found.outcome is Outcome.WRONG:
            return Score(Outcome.WRONG, f"{how}: {found.why}")
        if found.outcome is Outcome.NOT_SHOWN:
            result = found
    return result


def splits(vector: Vector) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the stream split in three ways, without empty chunks, which no HTTP client returns."""
    yield "in the chunks of its file", [chunk for chunk in vector.chunks if chunk]
    yield "whole", [vector.stream] if vector.stream else []
    yield "byte by byte", [vector.stream[index : index + 1] for index in range(len(vector.stream))]


def score_stream(vector: Vector, group: str, shows: Shows, stream: ParsedStream) -> Score:
    """Compare what a parser returned with the vector."""
    pairs = _pair_events(vector, group, stream)
    if pairs is None:
        expected = [(event.event, event.data) for event in vector.events]
        return _wrong("events", [(event.event, event.data) for event in stream.events], expected)
    found = _score_ids(vector, group, shows, stream, pairs), _score_retry(vector, group, shows, stream, pairs)
    return min(found, key=lambda score: SEVERITY.index(score.outcome))


def _pair_events(vector: Vector, group: str, stream: ParsedStream) -> Pairs | None:
    """Pair the parser's events with the expected ones; None if their types or data differ."""
    remaining = list(reversed(vector.events))
    pairs: Pairs = []
    for found in stream.events:
        if remaining and (found.event, found.data) == (remaining[-1].event, remaining[-1].data):
            pairs.append((found, remaining.pop()))
        elif group in OTHER_SUBJECT and not found.data:
            pairs.append((found, None))
        else:
            return None
    return None if remaining else pairs


def _wrong(what: str, found: object, expected: object) -> Score:
    return Score(Outcome.WRONG, f"{what} {found!r} instead of {expected!r}")


def _score_ids(vector: Vector, group: str, shows: Shows, stream: ParsedStream, pairs: Pairs) -> Score:
    not_shown = Score(Outcome.NOT_SHOWN, "the last event ID")
    result = Score(Outcome.RIGHT)
    # The last event ID of a user who remembers the last id that an event showed.
    remembered = vector.initial_last_event_id
    for found, expected in pairs:
        remembered = remembered if found.id is None else found.id
        if expected is not None and remembered != expected.id:
            if found.id is not None:
                return _wrong("id", found.id, expected.id)
            result = not_shown
    if shows.last_id:
        if stream.last_event_id != vector.last_event_id:
            return _wrong("last event ID", stream.last_event_id, vector.last_event_id)
    elif remembered != vector.last_event_id or (group == "ids" and not pairs):
        result = not_shown
    return result


def _score_retry(vector: Vector, group: str, shows: Shows, stream: ParsedStream, pairs: Pairs) -> Score:
    if shows.retry == "stream":
        if not _same_retry(stream.retry, vector.retry):
            return _wrong("retry", stream.retry, vector.retry)
        return Score(Outcome.RIGHT)
    if shows.retry == "event" and vector.events:
        for found, expected in pairs:
            if expected is not None and not _same_retry(found.retry, expected.retry):
                return _wrong("retry", found.retry, expected.retry)
        return Score(Outcome.RIGHT)
    if group == "retry" or vector.retry is not None:
        return Score(Outcome.NOT_SHOWN, "the reconnection time")
    return Score(Outcome.RIGHT)


def _same_retry(found: object, expected: int | None) -> bool:
    if isinstance(found, str) and found.isascii() and found.isdigit():
        # Some parsers return the text of the field. `int` refuses thousands of digits, and 20 are enough to
        # exceed MAX_RETRY.
        found = int(found.lstrip("0")[:20] or "0")
    elif found == "":
        found = None
    if isinstance(found, (int, float)) and expected is not None:
        return min(found, MAX_RETRY) == expected
    return found is None and expected is None
