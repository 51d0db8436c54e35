"""What a client gets that comes back: behind the last event, behind one before, behind one that never was."""

from __future__ import annotations

from ._observation import Ending, Observation, Reading
from ._rule import Rule, Seen, counted, doubtful, good, not_seen, note, quoted, seconds, wrong
from ._stream import Block

GROUP = "resume"

ENOUGH = 5
"""Numbers without a gap that it takes to miss one."""


def _failure(reading: Reading) -> Seen | None:
    """Judge an answer that is no stream, and not 204."""
    if reading.answer is None:
        return _no_answer(reading)
    if reading.is_stream or reading.status == 204:
        return None
    if reading.status in (408, 425, 429, 503):
        return not_seen(f"{reading.status}: the server wants fewer requests")
    return wrong(f"{reading.status} where the first answer was 200")


def _no_answer(reading: Reading) -> Seen:
    # Some servers send the head with the first event, and there may be none yet.
    if reading.ending is Ending.UNANSWERED:
        return not_seen(f"no head within {seconds(reading.ended_at)}")
    return wrong(reading.ending.value)


def _key(block: Block) -> tuple[str, str]:
    event = block.event
    return (block.own_id or "", event.data if event is not None else "")


def _behind(seen: Observation) -> Seen | None:
    """Judge what comes behind the last event: nothing that was there before, and nothing missing."""
    reading = seen.resumed
    if seen.alone:
        return not_seen(seen.alone)
    last = seen.first.stream.last_event_id
    if reading is None or not reading.last_event_id:
        return None
    told = f"asked behind {quoted(last)}: "
    failure = _failure(reading)
    if failure is not None:
        return Seen(failure.verdict, told + failure.evidence)
    if reading.status == 204:
        return _is_over(seen, told)
    blocks = reading.stream.event_blocks
    if not blocks:
        return not_seen(f"{told}no event in {seconds(reading.ended_at)}")
    before = {_key(block) for block in seen.first.stream.event_blocks if block.own_id}
    again = [block for block in blocks if block.own_id and _key(block) in before]
    if again:
        return wrong(f"{told}{quoted(again[0].own_id or '')} came a second time")
    if blocks[0].own_id in {own_id for own_id, _ in before}:
        return doubtful(f"{told}{quoted(blocks[0].own_id or '')} came again, with other data")
    missing = _missing(seen, blocks[0])
    if missing:
        return wrong(
            f"{told}{quoted(blocks[0].own_id or '')} came, so that {counted(missing, 'event')} are missing"
        )
    return good(f"{told}{quoted(blocks[0].own_id or '')} came")


def _is_over(seen: Observation, told: str) -> Seen:
    if seen.first.ending is Ending.ENDED:
        return good(f"{told}204, nothing more")
    return doubtful(f"{told}204, though the stream had not ended", "Answer 200 while more may come.")


def _missing(seen: Observation, block: Block) -> int:
    """Count what was left out, where IDs are numbers without gaps."""
    ids = [each.own_id for each in seen.first.stream.event_blocks]
    numbers = [int(each) for each in ids if each and each.isascii() and each.isdigit() and len(each) < 20]
    own = block.own_id or ""
    if (
        len(numbers) != len(ids)
        or len(ids) < ENOUGH
        or not (own.isascii() and own.isdigit() and len(own) < 20)
    ):
        return 0
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return 0
    return max(0, int(own) - numbers[-1] - 1)


def _overlap(seen: Observation) -> Seen | None:
    """Judge what comes behind an event before the last: all that was there before, in order."""
    reading = seen.overlapping
    if reading is None:
        return None
    asked = reading.last_event_id
    told = f"asked behind {quoted(asked)}: "
    failure = _failure(reading)
    if failure is not None:
        return Seen(failure.verdict, told + failure.evidence)
    blocks = seen.first.stream.event_blocks
    position = next(number for number, block in enumerate(blocks) if block.own_id == asked)
    expected = [_key(block) for block in blocks[position + 1 :] if block.own_id]
    earlier = {_key(block) for block in blocks[: position + 1] if block.own_id}
    if reading.status == 204:
        return doubtful(f"{told}204, though {counted(len(expected), 'event')} came behind it before")
    came = [_key(block) for block in reading.stream.event_blocks if block.own_id]
    if any(key in earlier for key in came):
        return wrong(f"{told}events up to there came a second time; is Last-Event-ID read?")
    known = [key for key in came if key in set(expected)]
    if not came:
        return doubtful(f"{told}nothing in {seconds(reading.ended_at)}, though events came behind it before")
    if not known:
        ids = {key[0] for key in came} & {key[0] for key in expected}
        if ids:
            return doubtful(f"{told}the same IDs came with other data, such as {quoted(min(ids))}")
        return doubtful(f"{told}newer events, and none of the {len(expected)} that came behind it before")
    if known != expected[: len(known)]:
        left_out = [key for key in expected[: expected.index(known[-1]) + 1] if key not in set(known)]
        if left_out:
            return wrong(f"{told}{quoted(left_out[0][0])} is missing")
        return wrong(f"{told}the same events came in another order")
    if len(known) < len(expected) and came[-1] not in set(expected):
        return wrong(f"{told}{quoted(expected[len(known)][0])} is missing")
    return good(f"{told}the {counted(len(known), 'event')} behind it came again, in order")


def _unknown(seen: Observation) -> Seen | None:
    reading = seen.unknown
    if reading is None:
        return None
    told = f"asked behind {quoted(reading.last_event_id)}: "
    if reading.answer is None:
        failure = _no_answer(reading)
        return Seen(failure.verdict, told + failure.evidence)
    status = reading.status
    if status in (408, 425, 429, 503):
        return not_seen(f"{told}{status}: the server wants fewer requests")
    if status >= 500:
        return wrong(f"{told}{status}, and so again with each reconnect")
    if status >= 400:
        return doubtful(f"{told}{status}: a browser never comes back after that")
    if reading.ending is Ending.BROKEN:
        return wrong(f"{told}{status}, then the connection broke")
    if status == 204:
        return doubtful(f"{told}204: a client with an ID from before a restart ends for good")
    return good(f"{told}{status}")


def _after_the_end(seen: Observation) -> Seen | None:
    """Judge what a client gets that comes back after the end, without IDs."""
    first, reading = seen.first, seen.resumed
    if first.ending is not Ending.ENDED or reading is None or reading.last_event_id:
        return None
    if reading.status == 204:
        return good("204, nothing more")
    if not reading.is_stream or not first.stream.events or not reading.stream.events:
        return None
    if reading.stream.events[0] == first.stream.events[0]:
        return doubtful(
            f"the stream ended after {seconds(first.ended_at)}, and who comes back gets the same again"
        )
    return note(f"the stream ended after {seconds(first.ended_at)}, and goes on for a client that comes back")


RULES = (
    Rule(
        "resume",
        GROUP,
        "Behind the last event come new ones: none again, none missing.",
        "WHATWG HTML 9.2.3 and 9.2.4",
        "Keep the last events, and begin with the first one behind Last-Event-ID.",
        _behind,
    ),
    Rule(
        "resume-earlier",
        GROUP,
        "Behind an earlier event, those that came before come again, in order.",
        "WHATWG HTML 9.2.4",
        "Keep the last events, and begin with the first one behind Last-Event-ID; or send no IDs.",
        _overlap,
    ),
    Rule(
        "unknown-id",
        GROUP,
        "An ID that never was is no error.",
        "WHATWG HTML 9.2.3: any status but 200 and 204 fails a client for good; RFC 9110, 15.6",
        "Take an ID that you do not know, or cannot read, for none; an event may say that some are lost.",
        _unknown,
    ),
    Rule(
        "after-the-end",
        GROUP,
        "After the end, 204: clients come back to anything else.",
        "WHATWG HTML 9.2.3; RFC 9110, 15.3.5",
        "Answer 204 to who comes back after the end, which takes IDs; or name an event that is the last.",
        _after_the_end,
    ),
)
