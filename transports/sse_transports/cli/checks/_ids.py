"""The IDs of events: what a client would send back as Last-Event-ID."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from ._observation import Observation
from ._rule import Rule, Seen, counted, doubtful, good, not_seen, note, quoted, wrong

GROUP = "ids"

LONG = 1024
"""Bytes of an ID; some servers and proxies refuse a head of 4 to 8 KiB."""


def _present(seen: Observation) -> Seen:
    blocks = seen.first.stream.event_blocks
    if not blocks:
        return not_seen("no event came")
    with_id = sum(block.own_id is not None for block in blocks)
    if with_id == len(blocks):
        return good(f"each of {counted(len(blocks), 'event')} has one")
    if with_id:
        return note(
            f"{with_id} of {counted(len(blocks), 'event')} have one; clients resume behind the last of these"
        )
    if seen.method != "GET":
        return note("none; after a POST, no client resumes by itself")
    return doubtful("none: who loses the connection loses what is sent until it is back")


def _nul(seen: Observation) -> Seen | None:
    values = [value for block in seen.first.stream.blocks for value in block.values(b"id") if b"\0" in value]
    return (
        wrong(f"{counted(len(values), 'ID')} with NUL, which clients ignore: {quoted(values[0])}")
        if values
        else None
    )


def _own_ids(seen: Observation) -> list[str]:
    return [block.own_id for block in seen.first.stream.event_blocks if block.own_id]


def _unique(seen: Observation) -> Seen | None:
    ids = _own_ids(seen)
    if not ids:
        return None
    again, count = Counter(ids).most_common(1)[0]
    if count == 1:
        return good(f"{len(ids)} different IDs") if len(ids) > 1 else None
    told = f"{quoted(again)} is the ID of {count} events"
    if seen.method != "GET":
        # Which no client resumes by itself.
        return doubtful(told)
    return wrong(f"{told}: a cut between them loses some, or repeats some")


def _order(seen: Observation) -> Seen | None:
    ids = _own_ids(seen)
    if len(ids) < 2 or not all(each.isascii() and each.isdigit() and len(each) < 20 for each in ids):
        return None
    numbers = [int(each) for each in ids]
    for before, after in pairwise(numbers):
        if after < before:
            return doubtful(f"{after} came behind {before}")
    return good(f"they grow, from {numbers[0]} to {numbers[-1]}")


def _plain(seen: Observation) -> Seen | None:
    ids = _own_ids(seen)
    if not ids:
        return None
    for each in ids:
        if each != each.strip(" \t"):
            return doubtful(f"{quoted(each)}: spaces at the ends do not survive in a header")
        if not each.isascii():
            return doubtful(
                f"{quoted(each)}: sent back as UTF-8 by the standard, and garbled by some clients"
            )
        if not each.isprintable():
            return doubtful(f"{quoted(each)}: control characters are no header's value, and may be refused")
        if len(each) > LONG:
            return doubtful(f"{len(each)} bytes in an ID: some servers refuse such a header")
    return good(f"such as {quoted(ids[-1])}: safe in a header")


RULES = (
    Rule(
        "ids",
        GROUP,
        "Events have IDs.",
        "WHATWG HTML 9.2.4",
        "Give each event an 'id:' line, and send what is behind Last-Event-ID when it comes back.",
        _present,
    ),
    Rule(
        "id-nul",
        GROUP,
        "No NUL in an ID.",
        "WHATWG HTML 9.2.6",
        "Leave NUL out: the client would go on behind the ID before.",
        _nul,
    ),
    Rule(
        "id-unique",
        GROUP,
        "No two events have the same ID.",
        "WHATWG HTML 9.2.4: an ID is where a client goes on",
        "Give each event an ID of its own; where some belong together, only to the last of them.",
        _unique,
    ),
    Rule(
        "id-order",
        GROUP,
        "Numbers grow.",
        "practice: servers compare them",
        "Number events in the order in which they are sent.",
        _order,
    ),
    Rule(
        "id-plain",
        GROUP,
        "Printable ASCII without spaces at the ends.",
        "WHATWG HTML 9.2.4; RFC 9110, 5.5",
        "Use letters, digits and punctuation of ASCII.",
        _plain,
    ),
)
