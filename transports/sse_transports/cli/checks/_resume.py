"""Rules about resuming: after the last event, after an earlier one, after one that never existed."""

from __future__ import annotations

from .._units import plural, seconds_text
from ._observation import Ending, Observation, Reading
from ._rule import Result, Rule, failed, info, passed, quoted, skipped, warning
from ._stream import Block

GROUP = "resume"

MIN_CONSECUTIVE = 5
"""How many consecutive numeric IDs it takes to conclude that one is missing."""

BUSY_STATUSES = (408, 425, 429, 503)


def _failure(reading: Reading) -> Result | None:
    """Judge a response that is neither a stream nor 204."""
    if reading.response is None:
        return _no_response(reading)
    if reading.is_stream or reading.status == 204:
        return None
    if reading.status in BUSY_STATUSES:
        return skipped(f"{reading.status}: the server limits requests")
    return failed(f"{reading.status}, but the first response was 200")


def _no_response(reading: Reading) -> Result:
    # Some servers send the response headers with the first event, and there may be none yet.
    if reading.ending is Ending.NO_RESPONSE:
        return skipped(f"no response headers within {seconds_text(reading.ended_at)}")
    return failed(reading.ending.value)


def _key(block: Block) -> tuple[str, str]:
    event = block.event
    return (block.own_id or "", event.data if event is not None else "")


def _resumed(observed: Observation) -> Result | None:
    """Judge what comes after the last event: nothing repeated, nothing missing."""
    reading = observed.resumed
    if observed.skip_reason:
        return skipped(observed.skip_reason)
    last = observed.first.stream.last_event_id
    if reading is None or not reading.last_event_id:
        return None
    resumed = f"resumed after {quoted(last)}: "
    failure = _failure(reading)
    if failure is not None:
        return Result(failure.verdict, resumed + failure.evidence)
    if reading.status == 204:
        if observed.first.ending is Ending.ENDED:
            return passed(f"{resumed}204, nothing more")
        return warning(f"{resumed}204, although the stream had not ended", "Answer 200 while more may come.")
    blocks = reading.stream.event_blocks
    if not blocks:
        return skipped(f"{resumed}no event in {seconds_text(reading.ended_at)}")
    first_id = quoted(blocks[0].own_id or "")
    before = {_key(block) for block in observed.first.stream.event_blocks if block.own_id}
    repeated = [block for block in blocks if block.own_id and _key(block) in before]
    if repeated:
        return failed(f"{resumed}{quoted(repeated[0].own_id or '')} came a second time")
    if blocks[0].own_id in {own_id for own_id, _ in before}:
        return warning(f"{resumed}{first_id} came again, with other data")
    missing = _missing(observed, blocks[0])
    if missing:
        return failed(f"{resumed}{first_id} came: {plural(missing, 'event')} missing")
    return passed(f"{resumed}{first_id} came")


def _missing(observed: Observation, block: Block) -> int:
    """Count the events that were left out, if IDs are consecutive numbers."""
    ids = [each.own_id for each in observed.first.stream.event_blocks]
    numbers = [int(each) for each in ids if each and each.isascii() and each.isdigit() and len(each) < 20]
    own = block.own_id or ""
    if (
        len(numbers) != len(ids)
        or len(ids) < MIN_CONSECUTIVE
        or not (own.isascii() and own.isdigit() and len(own) < 20)
    ):
        return 0
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return 0
    return max(0, int(own) - numbers[-1] - 1)


def _resumed_earlier(observed: Observation) -> Result | None:
    """Judge what comes after an earlier event: all that came before, in order."""
    reading = observed.resumed_earlier
    if reading is None:
        return None
    requested = reading.last_event_id
    resumed = f"resumed after {quoted(requested)}: "
    failure = _failure(reading)
    if failure is not None:
        return Result(failure.verdict, resumed + failure.evidence)
    blocks = observed.first.stream.event_blocks
    index = next(number for number, block in enumerate(blocks) if block.own_id == requested)
    expected = [_key(block) for block in blocks[index + 1 :] if block.own_id]
    earlier = {_key(block) for block in blocks[: index + 1] if block.own_id}
    if reading.status == 204:
        return warning(f"{resumed}204, although {plural(len(expected), 'event')} came after it before")
    received = [_key(block) for block in reading.stream.event_blocks if block.own_id]
    if any(key in earlier for key in received):
        return failed(f"{resumed}earlier events came a second time; does the server read Last-Event-ID?")
    known = [key for key in received if key in set(expected)]
    if not received:
        return warning(
            f"{resumed}nothing in {seconds_text(reading.ended_at)}, although events came after it before"
        )
    if not known:
        ids = {key[0] for key in received} & {key[0] for key in expected}
        if ids:
            return warning(f"{resumed}the same IDs came with other data, such as {quoted(min(ids))}")
        return warning(f"{resumed}newer events, and none of the {len(expected)} that came after it before")
    if known != expected[: len(known)]:
        left_out = [key for key in expected[: expected.index(known[-1]) + 1] if key not in set(known)]
        if left_out:
            return failed(f"{resumed}{quoted(left_out[0][0])} is missing")
        return failed(f"{resumed}the same events came in another order")
    if len(known) < len(expected) and received[-1] not in set(expected):
        return failed(f"{resumed}{quoted(expected[len(known)][0])} is missing")
    return passed(f"{resumed}the next {plural(len(known), 'event')} came again, in order")


def _unknown_id(observed: Observation) -> Result | None:
    reading = observed.unknown_id
    if reading is None:
        return None
    resumed = f"resumed after {quoted(reading.last_event_id)}: "
    if reading.response is None:
        failure = _no_response(reading)
        return Result(failure.verdict, resumed + failure.evidence)
    status = reading.status
    if status in BUSY_STATUSES:
        return skipped(f"{resumed}{status}: the server limits requests")
    if status >= 500:
        return failed(f"{resumed}{status}, which each reconnect would repeat")
    if status >= 400:
        return warning(f"{resumed}{status}: a browser does not reconnect after that")
    if reading.ending is Ending.DROPPED:
        return failed(f"{resumed}{status}, then the connection was dropped")
    if status == 204:
        return warning(f"{resumed}204: clients with an ID from before a restart stop reconnecting")
    return passed(f"{resumed}{status}")


def _after_the_end(observed: Observation) -> Result | None:
    """Judge what a client without an ID gets when it reconnects after the end."""
    first, reading = observed.first, observed.resumed
    if first.ending is not Ending.ENDED or reading is None or reading.last_event_id:
        return None
    if reading.status == 204:
        return passed("204, nothing more")
    if not reading.is_stream or not first.stream.events or not reading.stream.events:
        return None
    ended = f"the stream ended after {seconds_text(first.ended_at)}"
    if reading.stream.events[0] == first.stream.events[0]:
        return warning(f"{ended}; a client that reconnects gets the same events again")
    return info(f"{ended}; a client that reconnects gets new events")


RULES = (
    Rule(
        "resume",
        GROUP,
        "After the last event, only new events: none repeated, none missing.",
        "WHATWG HTML 9.2.3 and 9.2.4",
        "Keep recent events, and resume with the first one after Last-Event-ID.",
        _resumed,
    ),
    Rule(
        "resume-earlier",
        GROUP,
        "After an earlier event, the events that followed it come again, in order.",
        "WHATWG HTML 9.2.4",
        "Keep recent events, and resume with the first one after Last-Event-ID; or send no IDs.",
        _resumed_earlier,
    ),
    Rule(
        "unknown-id",
        GROUP,
        "An unknown ID is not an error.",
        "WHATWG HTML 9.2.3: any status but 200 and 204 fails a client for good; RFC 9110, 15.6",
        "Treat an ID that is unknown or invalid as none; an event may report that some were lost.",
        _unknown_id,
    ),
    Rule(
        "after-the-end",
        GROUP,
        "After the end, 204: clients reconnect after anything else.",
        "WHATWG HTML 9.2.3; RFC 9110, 15.3.5",
        "Answer 204 to a client that reconnects after the end (this takes IDs); or document a last event.",
        _after_the_end,
    ),
)
