"""Whether events come when they are sent. What a client can see of buffering, and no more than that."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise

from ._observation import Ending, Observation
from ._rule import Rule, Seen, counted, doubtful, good, not_seen, note, quoted, seconds, size, wrong
from ._stream import TOGETHER, Line, Place, Silence

GROUP = "delivery"

LATE = 1.0
"""Seconds after which a head or a first byte is late."""
CUT = 1.0
LONG_CUT = 2.0
"""Seconds of silence inside a line: twice the one, or once the other, is no network that lost a packet."""
SHORT_CUT = 0.1
"""Seconds of silence behind pieces that are all of one buffer's size."""
BLOCK = 1024
"""Buffers are of so many bytes, or of a multiple."""
APART = 2.0
"""Seconds between two times of day that tell of a pause, whatever was rounded."""
ENOUGH = 3
"""Events, or pieces of one size, that it takes to see how they come."""

TIME = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")


def _head_at_once(seen: Observation) -> Seen:
    at = seen.first.head_at or 0.0
    pieces = seen.first.pieces
    if at < LATE:
        return good(f"the head came after {seconds(at)}")
    if pieces and pieces[0][0] - at < TOGETHER:
        return doubtful(f"the head came after {seconds(at)}, together with the first bytes of the body")
    return doubtful(f"the head came after {seconds(at)}")


def _first_byte(seen: Observation) -> Seen:
    head = seen.first.head_at or 0.0
    stream = seen.first.stream
    if not stream.body:
        waited = seen.first.ended_at - head
        if waited < LATE:
            return not_seen(f"nothing came in {seconds(waited)}")
        return doubtful(f"nothing came in {seconds(waited)} after the head")
    late = stream.silences[0].seconds
    opening = " a comment" if stream.body.startswith(b":") else " the first byte"
    if late < LATE:
        return good(f"{opening.strip()} came {seconds(late)} after the head")
    return doubtful(f"{opening.strip()} came {seconds(late)} after the head")


def _held_back(seen: Observation) -> Seen:
    stream = seen.first.stream
    cuts = [each for each in stream.silences if each.place is Place.IN_LINE and each.behind]
    longest = max(cuts, key=_length, default=None)
    often = sum(each.seconds >= CUT for each in cuts)
    if longest is not None and (longest.seconds >= LONG_CUT or often > 1):
        return wrong(
            f"silence of {seconds(longest.seconds)} inside a line, behind {size(longest.behind)}:"
            " a buffer was full, and the rest of the event waits for the next"
        )
    sizes = {burst.end: burst.size for burst in stream.bursts}
    full = [sizes[cut.behind] for cut in cuts if cut.seconds >= SHORT_CUT]
    alike = max(full, key=full.count, default=0)
    if full.count(alike) >= ENOUGH and alike % BLOCK == 0:
        return wrong(
            f"{full.count(alike)} pieces of {alike} bytes that end inside a line, with silence behind each"
        )
    if longest is not None and longest.seconds >= SHORT_CUT:
        return doubtful(f"silence of {seconds(longest.seconds)} inside a line, behind {size(longest.behind)}")
    if len(stream.events) < ENOUGH:
        return not_seen(f"{counted(len(stream.events), 'event')} in {seconds(seen.first.ended_at)}")
    return good("no event was cut by a silence")


def _length(silence: Silence) -> float:
    return silence.seconds


def _in_pieces(seen: Observation) -> Seen | None:
    cuts = [each for each in seen.first.stream.silences if each.place is Place.IN_EVENT]
    longest = max(cuts, key=_length, default=None)
    if longest is None or longest.seconds < CUT:
        return None
    return doubtful(f"silence of {seconds(longest.seconds)} between two lines of one event")


def _one_by_one(seen: Observation) -> Seen:
    first = seen.first
    blocks = first.stream.event_blocks
    if len(blocks) < ENOUGH:
        return not_seen(f"{counted(len(blocks), 'event')} in {seconds(first.ended_at)}")
    times = [block.at for block in blocks]
    at_once = times[-1] - times[0] < TOGETHER
    if at_once and first.ending is Ending.ENDED:
        told = f"all {len(blocks)} events came at the end, {seconds(times[0])} after the request"
        return doubtful(told) if times[0] >= LATE else note(f"{told}: too soon to tell how they are sent")
    if at_once:
        told = f"{len(blocks)} events, all {seconds(times[0] - (first.head_at or 0.0))} after the head"
        return note(f"{told}, then none" if first.ended_at - times[-1] >= TOGETHER else told)
    bursts = first.stream.bursts
    whole = bursts[:-1] if first.ending is Ending.LEFT else bursts
    per_burst = len(blocks) / len(bursts)
    sizes = [burst.size for burst in whole[1:]]
    largest = max((block.size for block in blocks), default=0)
    if (
        len(sizes) >= ENOUGH
        and per_burst >= ENOUGH
        and max(sizes) - min(sizes) <= largest
        and max(sizes) >= BLOCK
    ):
        return doubtful(
            f"events come in {len(bursts)} bursts of about {size(max(sizes))}, {per_burst:.0f} events each"
        )
    return good(f"{len(blocks)} events at {len(set(times))} different times")


def _heartbeats_together(seen: Observation) -> Seen | None:
    """Judge heartbeats that came together: unlike events, they are never sent two at a time."""
    stream = seen.first.stream
    beats = [block.comments[0] for block in stream.blocks if block.event is None and block.comments]
    together = [pair for pair in pairwise(beats) if pair[1].at - pair[0].at < TOGETHER]
    told = [(_time_in(sooner), _time_in(later)) for sooner, later in together]
    apart = max((later - sooner for sooner, later in told if sooner and later), default=0.0)
    if apart >= APART:
        return wrong(f"comments that say they were sent {seconds(apart)} apart came at the same time")
    at_once = [pair for pair in together if pair[0].at == pair[1].at and pair[0].text == pair[1].text]
    # Whose heart beats so fast that our reading cannot keep apart what comes, is not held back.
    gaps = [later.at - sooner.at for sooner, later in pairwise(beats) if later.at - sooner.at >= TOGETHER]
    if not at_once or len(together) > len(at_once) or (gaps and min(gaps) < LATE):
        return None
    return doubtful(f"{len(at_once) + 1} comments {quoted(at_once[0][0].text)} came at the same time")


def _time_in(line: Line) -> float | None:
    found = TIME.search(line.text)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found[0].decode()).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


UNBUFFERED = (
    "Send 'X-Accel-Buffering: no', or set 'proxy_buffering off;' where nginx is in front; elsewhere, turn "
    "buffering of this path off."
)

RULES = (
    Rule(
        "head-at-once",
        GROUP,
        f"The head comes within {LATE:g} s, not with the first event.",
        "WHATWG HTML 9.2.3: the connection is announced when the head comes",
        "Flush the head when the request comes; a comment behind it makes most servers do so.",
        _head_at_once,
    ),
    Rule(
        "first-byte",
        GROUP,
        f"Something comes within {LATE:g} s of the head, a comment if there is nothing to say.",
        "WHATWG HTML 9.2.7; practice: some proxies pass the head on with the first bytes of the body",
        "Begin with a comment: write ':\\n\\n' and flush.",
        _first_byte,
    ),
    Rule(
        "held-back",
        GROUP,
        "No silence inside a line: that is how a full buffer looks.",
        "practice: nginx buffers without X-Accel-Buffering: no",
        UNBUFFERED,
        _held_back,
    ),
    Rule(
        "events-in-pieces",
        GROUP,
        "The lines of an event come together.",
        "practice: a client has nothing of an event before its blank line",
        "Write an event with its blank line in one call, and flush behind it.",
        _in_pieces,
    ),
    Rule(
        "one-by-one",
        GROUP,
        "Events come when they happen, not in bursts of one size or all at the end.",
        "practice: buffers of servers, frameworks and proxies",
        "If they are made one by one, flush behind each. " + UNBUFFERED,
        _one_by_one,
    ),
    Rule(
        "heartbeats-together",
        GROUP,
        "Heartbeats come one at a time.",
        "practice: what was sent apart and comes together was held back",
        UNBUFFERED,
        _heartbeats_together,
    ),
)
