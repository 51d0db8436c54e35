"""Rules about event IDs: what a client sends back as Last-Event-ID."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from .._units import plural
from ._observation import Observation
from ._rule import Result, Rule, failed, info, passed, quoted, skipped, warning

GROUP = "ids"

MAX_ID = 1024
"""Bytes of an ID; some servers and proxies refuse headers of 4 to 8 KiB in total."""


def _present(observed: Observation) -> Result:
    blocks = observed.first.stream.event_blocks
    if not blocks:
        return skipped("no event came")
    with_id = sum(block.own_id is not None for block in blocks)
    if with_id == len(blocks):
        return passed(f"each of {plural(len(blocks), 'event')} has one")
    if with_id:
        return info(
            f"{with_id} of {plural(len(blocks), 'event')} have one; clients resume after the last of these"
        )
    if observed.method != "GET":
        return info("none; after a POST, no client resumes automatically")
    return warning("none: after a lost connection, clients miss what is sent until they reconnect")


def _nul(observed: Observation) -> Result | None:
    values = [
        value for block in observed.first.stream.blocks for value in block.values(b"id") if b"\0" in value
    ]
    if not values:
        return None
    return failed(f"{plural(len(values), 'ID')} with NUL, which clients ignore: {quoted(values[0])}")


def _own_ids(observed: Observation) -> list[str]:
    return [block.own_id for block in observed.first.stream.event_blocks if block.own_id]


def _unique(observed: Observation) -> Result | None:
    ids = _own_ids(observed)
    if not ids:
        return None
    repeated, count = Counter(ids).most_common(1)[0]
    if count == 1:
        return passed(f"{len(ids)} different IDs") if len(ids) > 1 else None
    evidence = f"{quoted(repeated)} is the ID of {count} events"
    if observed.method != "GET":
        # No client resumes a POST automatically.
        return warning(evidence)
    return failed(f"{evidence}: a connection dropped between them loses or repeats some")


def _order(observed: Observation) -> Result | None:
    ids = _own_ids(observed)
    if len(ids) < 2 or not all(each.isascii() and each.isdigit() and len(each) < 20 for each in ids):
        return None
    numbers = [int(each) for each in ids]
    for before, after in pairwise(numbers):
        if after < before:
            return warning(f"{after} came after {before}")
    return passed(f"increasing from {numbers[0]} to {numbers[-1]}")


def _characters(observed: Observation) -> Result | None:
    ids = _own_ids(observed)
    if not ids:
        return None
    for each in ids:
        if each != each.strip(" \t"):
            return warning(f"{quoted(each)}: leading and trailing spaces are lost in a header")
        if not each.isascii():
            return warning(f"{quoted(each)}: the standard sends it back as UTF-8, some clients garble it")
        if not each.isprintable():
            return warning(f"{quoted(each)}: control characters are not allowed in a header")
        if len(each) > MAX_ID:
            return warning(f"{len(each)} bytes in an ID: some servers refuse such a header")
    return passed(f"such as {quoted(ids[-1])}: safe in a header")


RULES = (
    Rule(
        "ids",
        GROUP,
        "Events have IDs.",
        "WHATWG HTML 9.2.4",
        "Give each event an 'id:' line, and resume after Last-Event-ID when a client reconnects.",
        _present,
    ),
    Rule(
        "id-nul",
        GROUP,
        "No NUL in an ID.",
        "WHATWG HTML 9.2.6",
        "Remove NUL: the client would resume after the ID before.",
        _nul,
    ),
    Rule(
        "id-unique",
        GROUP,
        "No two events have the same ID.",
        "WHATWG HTML 9.2.4: a client resumes after an ID",
        "Give each event an ID of its own; of events that belong together, only the last.",
        _unique,
    ),
    Rule(
        "id-order",
        GROUP,
        "Numeric IDs increase.",
        "practice: servers compare them",
        "Number events in the order in which they are sent.",
        _order,
    ),
    Rule(
        "id-characters",
        GROUP,
        "Printable ASCII without leading or trailing spaces.",
        "WHATWG HTML 9.2.4; RFC 9110, 5.5",
        "Use letters, digits and punctuation of ASCII.",
        _characters,
    ),
)
