"""Whether a parser does what a vector says, judged by what it shows and by nothing else.

Three answers are possible. It is wrong if anything that it says differs from the standard, in any of the
cuts, or if it raises. Else the vector is not judged if it turns on something that the parser does not show,
as the reconnection time of a parser that has none. Else it is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.comparison.said import Heard, Said, Shows
    from sse_core import Event
    from sse_transports.testing import Vector

LARGEST_RETRY = 10**18 - 1
"""The vectors cap longer numbers at it. The standard does not, so that larger ones are as right."""

OTHER_POINT = frozenset({"byte-order-mark", "ids", "retry"})
"""Groups whose vectors use blocks without data, but are about something else.

Some parsers give an empty event for such a block. That is wrong, and costs them vectors of the group
`dispatch`; here it is passed over, lest one habit is counted some thirty times.
"""


class Outcome(Enum):
    """What became of a vector."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_SHOWN = "not shown"


SEVERITY = (Outcome.WRONG, Outcome.NOT_SHOWN, Outcome.RIGHT)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a vector, and in words what was wrong or not to be seen."""

    outcome: Outcome
    why: str = ""


def judge(vector: Vector, group: str, shows: Shows, read: Callable[[Sequence[bytes], str], Heard]) -> Verdict:
    """Read a vector as it is cut in its file, whole, and byte by byte."""
    verdict = Verdict(Outcome.RIGHT)
    if vector.initial_last_event_id and not (shows.begins or shows.own_ids):
        return Verdict(Outcome.NOT_SHOWN, "the last event ID of an earlier connection")
    for how, chunks in cuts(vector):
        try:
            heard = read(chunks, vector.initial_last_event_id)
        except Exception as error:  # noqa: BLE001  # whatever it raises is its answer
            return Verdict(Outcome.WRONG, f"{how}: {error!r}")
        found = compare(vector, group, shows, heard)
        if found.outcome is Outcome.WRONG:
            return Verdict(Outcome.WRONG, f"{how}: {found.why}")
        if found.outcome is Outcome.NOT_SHOWN:
            verdict = found
    return verdict


def cuts(vector: Vector) -> Iterator[tuple[str, list[bytes]]]:
    """Give the stream in three ways. An HTTP client hands over no empty chunks, so there are none."""
    yield "as it is cut in its file", [chunk for chunk in vector.chunks if chunk]
    yield "whole", [vector.stream] if vector.stream else []
    yield "byte by byte", [vector.stream[place : place + 1] for place in range(len(vector.stream))]


def compare(vector: Vector, group: str, shows: Shows, heard: Heard) -> Verdict:
    """Compare what a parser said with what the standard says."""
    pairs = _paired(vector, group, heard)
    if pairs is None:
        wanted = [(event.event, event.data) for event in vector.events]
        return _wrong("events", [(said.event, said.data) for said in heard.events], wanted)
    found = _ids(vector, group, shows, heard, pairs), _retry(vector, group, shows, heard, pairs)
    # What is wrong tells more than what is hidden, and that more than what is right.
    return min(found, key=lambda verdict: SEVERITY.index(verdict.outcome))


def _paired(vector: Vector, group: str, heard: Heard) -> list[tuple[Said, Event | None]] | None:
    """Pair what was said with what should have been; None if the events are not the right ones."""
    wanted = list(reversed(vector.events))
    pairs: list[tuple[Said, Event | None]] = []
    for said in heard.events:
        if wanted and (said.event, said.data) == (wanted[-1].event, wanted[-1].data):
            pairs.append((said, wanted.pop()))
        elif group in OTHER_POINT and not said.data:
            pairs.append((said, None))
        else:
            return None
    return None if wanted else pairs


def _wrong(what: str, found: object, wanted: object) -> Verdict:
    return Verdict(Outcome.WRONG, f"{what} {found!r} instead of {wanted!r}")


def _ids(
    vector: Vector, group: str, shows: Shows, heard: Heard, pairs: list[tuple[Said, Event | None]]
) -> Verdict:
    hidden = Verdict(Outcome.NOT_SHOWN, "the last event ID")
    verdict = Verdict(Outcome.RIGHT)
    # What a user knows who keeps the last id that an event said.
    kept = vector.initial_last_event_id
    for said, event in pairs:
        kept = kept if said.id is None else said.id
        if event is not None and kept != event.id:
            if said.id is not None:
                return _wrong("id", said.id, event.id)
            verdict = hidden
    if shows.last_id:
        if heard.last_event_id != vector.last_event_id:
            return _wrong("last event ID", heard.last_event_id, vector.last_event_id)
    elif kept != vector.last_event_id or (group == "ids" and not pairs):
        verdict = hidden
    return verdict


def _retry(
    vector: Vector, group: str, shows: Shows, heard: Heard, pairs: list[tuple[Said, Event | None]]
) -> Verdict:
    if shows.retry == "stream":
        if not _same(heard.retry, vector.retry):
            return _wrong("retry", heard.retry, vector.retry)
        return Verdict(Outcome.RIGHT)
    if shows.retry == "event" and vector.events:
        for said, event in pairs:
            if event is not None and not _same(said.retry, event.retry):
                return _wrong("retry", said.retry, event.retry)
        return Verdict(Outcome.RIGHT)
    if group == "retry" or vector.retry is not None:
        return Verdict(Outcome.NOT_SHOWN, "the reconnection time")
    return Verdict(Outcome.RIGHT)


def _same(found: object, wanted: int | None) -> bool:
    if isinstance(found, str) and found.isascii() and found.isdigit():
        # Some hand over the field's text. A number of thousands of digits, `int` would refuse.
        found = int(found.lstrip("0")[:20] or "0")
    elif found == "":
        found = None
    if isinstance(found, (int, float)) and wanted is not None:
        return min(found, LARGEST_RETRY) == wanted
    return found is None and wanted is None
