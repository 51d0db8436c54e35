"""Rules about delivery: whether events arrive when they are sent, as far as a client can observe that."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise

from .._units import bytes_text, plural, seconds_text
from ._observation import Ending, Observation
from ._rule import Result, Rule, failed, info, passed, quoted, skipped, warning
from ._stream import SAME_BURST, Line, Position, Silence

GROUP = "delivery"

LATE = 1.0
"""Seconds after which the response headers or the first byte are late."""
LONG_SILENCE = 1.0
VERY_LONG_SILENCE = 2.0
"""Seconds of silence inside a line. Two long ones or one very long one are not caused by a lost packet."""
SHORT_SILENCE = 0.1
"""Seconds of silence after chunks that all have the size of a buffer."""
BUFFER_UNIT = 1024
"""Buffer sizes are multiples of this many bytes."""
MIN_TIMESTAMP_INTERVAL = 2.0
"""Seconds between the timestamps of two heartbeats that were not sent together, even if both were rounded."""
MIN_SAMPLES = 3
"""The smallest number of events, or of chunks of the same size, that counts as a pattern."""

TIMESTAMP = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")


def _header_delay(observed: Observation) -> Result:
    headers_at = observed.first.headers_at or 0.0
    chunks = observed.first.chunks
    evidence = f"the response headers came after {seconds_text(headers_at)}"
    if headers_at < LATE:
        return passed(evidence)
    if chunks and chunks[0][0] - headers_at < SAME_BURST:
        return warning(f"{evidence}, together with the first body bytes")
    return warning(evidence)


def _first_byte(observed: Observation) -> Result:
    headers_at = observed.first.headers_at or 0.0
    stream = observed.first.stream
    if not stream.body:
        waited = observed.first.ended_at - headers_at
        if waited < LATE:
            return skipped(f"nothing came in {seconds_text(waited)}")
        return warning(f"nothing came in {seconds_text(waited)} after the headers")
    delay = stream.silences[0].seconds
    what = "a comment" if stream.body.startswith(b":") else "the first byte"
    evidence = f"{what} came {seconds_text(delay)} after the headers"
    return passed(evidence) if delay < LATE else warning(evidence)


def _buffering(observed: Observation) -> Result:
    stream = observed.first.stream
    in_lines = [each for each in stream.silences if each.position is Position.IN_LINE and each.offset]
    longest = max(in_lines, key=_length, default=None)
    long_ones = sum(each.seconds >= LONG_SILENCE for each in in_lines)
    if longest is not None and (longest.seconds >= VERY_LONG_SILENCE or long_ones > 1):
        return failed(
            f"silence of {seconds_text(longest.seconds)} inside a line, after {bytes_text(longest.offset)}:"
            " a buffer was full, and the rest of the event waits for the next one"
        )
    sizes = {burst.end: burst.size for burst in stream.bursts}
    full = [sizes[silence.offset] for silence in in_lines if silence.seconds >= SHORT_SILENCE]
    common = max(full, key=full.count, default=0)
    if full.count(common) >= MIN_SAMPLES and common % BUFFER_UNIT == 0:
        return failed(
            f"{full.count(common)} chunks of {common} bytes end inside a line, each followed by silence"
        )
    if longest is not None and longest.seconds >= SHORT_SILENCE:
        return warning(
            f"silence of {seconds_text(longest.seconds)} inside a line, after {bytes_text(longest.offset)}"
        )
    if len(stream.events) < MIN_SAMPLES:
        return skipped(_too_few_events(observed, len(stream.events)))
    return passed("no event was interrupted by silence")


def _length(silence: Silence) -> float:
    return silence.seconds


def _too_few_events(observed: Observation, count: int) -> str:
    return f"{plural(count, 'event')} in {seconds_text(observed.first.ended_at)}"


def _split_events(observed: Observation) -> Result | None:
    silences = [each for each in observed.first.stream.silences if each.position is Position.IN_EVENT]
    longest = max(silences, key=_length, default=None)
    if longest is None or longest.seconds < LONG_SILENCE:
        return None
    return warning(f"silence of {seconds_text(longest.seconds)} between two lines of one event")


def _bursts(observed: Observation) -> Result:
    first = observed.first
    blocks = first.stream.event_blocks
    if len(blocks) < MIN_SAMPLES:
        return skipped(_too_few_events(observed, len(blocks)))
    times = [block.at for block in blocks]
    all_together = times[-1] - times[0] < SAME_BURST
    if all_together and first.ending is Ending.ENDED:
        evidence = f"all {len(blocks)} events came at the end, {seconds_text(times[0])} after the request"
        if times[0] >= LATE:
            return warning(evidence)
        return info(f"{evidence}: too early to see how they are sent")
    if all_together:
        delay = times[0] - (first.headers_at or 0.0)
        evidence = f"{len(blocks)} events, all {seconds_text(delay)} after the headers"
        return info(f"{evidence}, then none" if first.ended_at - times[-1] >= SAME_BURST else evidence)
    bursts = first.stream.bursts
    # The first burst has the opening comment or history; the last one may be incomplete.
    complete = bursts[:-1] if first.ending is Ending.STOPPED else bursts
    per_burst = len(blocks) / len(bursts)
    sizes = [burst.size for burst in complete[1:]]
    largest_event = max((block.size for block in blocks), default=0)
    if (
        len(sizes) >= MIN_SAMPLES
        and per_burst >= MIN_SAMPLES
        and max(sizes) - min(sizes) <= largest_event
        and max(sizes) >= BUFFER_UNIT
    ):
        return warning(
            f"events come in {len(bursts)} bursts of about {bytes_text(max(sizes))},"
            f" {per_burst:.0f} events each"
        )
    return passed(f"{len(blocks)} events at {len(set(times))} different times")


def _batched_heartbeats(observed: Observation) -> Result | None:
    """Judge heartbeats that came together: unlike events, they are never sent two at a time."""
    stream = observed.first.stream
    beats = [block.comments[0] for block in stream.blocks if block.event is None and block.comments]
    together = [pair for pair in pairwise(beats) if pair[1].at - pair[0].at < SAME_BURST]
    timestamps = [(_timestamp(sooner), _timestamp(later)) for sooner, later in together]
    apart = max((later - sooner for sooner, later in timestamps if sooner and later), default=0.0)
    if apart >= MIN_TIMESTAMP_INTERVAL:
        return failed(f"comments with timestamps {seconds_text(apart)} apart came at the same time")
    same_read = [pair for pair in together if pair[0].at == pair[1].at and pair[0].text == pair[1].text]
    # Heartbeats faster than this client reads may share a read without any buffer on the way.
    intervals = [
        later.at - sooner.at for sooner, later in pairwise(beats) if later.at - sooner.at >= SAME_BURST
    ]
    if not same_read or len(together) > len(same_read) or (intervals and min(intervals) < LATE):
        return None
    return warning(f"{len(same_read) + 1} comments {quoted(same_read[0][0].text)} came at the same time")


def _timestamp(line: Line) -> float | None:
    found = TIMESTAMP.search(line.text)
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found[0].decode()).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


UNBUFFERED = (
    "Send 'X-Accel-Buffering: no', or set 'proxy_buffering off;' in nginx; with other proxies, turn "
    "buffering of this path off."
)

RULES = (
    Rule(
        "header-delay",
        GROUP,
        f"The response headers come within {LATE:g} s, not with the first event.",
        "WHATWG HTML 9.2.3: the connection is announced when the headers arrive",
        "Flush the headers when the request arrives; writing a comment makes most servers do so.",
        _header_delay,
    ),
    Rule(
        "first-byte",
        GROUP,
        f"Something comes within {LATE:g} s of the headers, a comment if there is no event.",
        "WHATWG HTML 9.2.7; practice: some proxies forward the headers with the first bytes of the body",
        "Begin with a comment: write ':\\n\\n' and flush.",
        _first_byte,
    ),
    Rule(
        "buffering",
        GROUP,
        "No silence inside a line: it is the sign of a full buffer.",
        "practice: nginx buffers without X-Accel-Buffering: no",
        UNBUFFERED,
        _buffering,
    ),
    Rule(
        "split-events",
        GROUP,
        "The lines of an event come together.",
        "practice: a client cannot use an event before its blank line",
        "Write an event and its blank line in one call, then flush.",
        _split_events,
    ),
    Rule(
        "bursts",
        GROUP,
        "Events come when they happen, not in bursts of one size or all at the end.",
        "practice: buffers of servers, frameworks and proxies",
        "If events are produced one at a time, flush after each. " + UNBUFFERED,
        _bursts,
    ),
    Rule(
        "batched-heartbeats",
        GROUP,
        "Heartbeats come one at a time.",
        "practice: heartbeats that were sent apart and come together were buffered",
        UNBUFFERED,
        _batched_heartbeats,
    ),
)
