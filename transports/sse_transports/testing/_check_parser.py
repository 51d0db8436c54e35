"""`check_parser`: whether any parser of event streams does what the standard says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

from sse_core import InvalidArgument

from ._conformance import NonConforming, describe
from ._harness_base import RuleBroken
from ._vectors import Vector, vectors

MAX_QUOTED = 60
"""Characters that a message quotes of a stream or an event."""


def check_parser(parse: Callable[[list[bytes]], Iterable[tuple[str, str, str]]]) -> list[str]:
    """Check that a parser of event streams does what the standard says, however a stream is split.

    Every vector is parsed split as in its file, whole, byte by byte, with empty chunks added, and split
    in two at every byte. Vectors with an initial last event ID are skipped, because `parse` takes none.

    Args:
        parse: called with the chunks of a stream; returns all dispatched events, each as
            `(event, data, id)`: the event's type, `"message"` if none was sent; its data; and the last
            event ID at that moment, which may come from an earlier event.

    Returns:
        The names of the vectors, all of which are parsed correctly.

    Raises:
        sse_core.InvalidArgument: `parse` is not a function.
        NonConforming: names each sentence of the standard that the parser breaks, with a vector that
            shows it. An error that `parse` raises counts as a failure too.
    """
    if not callable(parse):
        raise InvalidArgument("parse", f"expected a function, not {parse!r}")
    checked = [vector for vector in vectors() if not vector.initial_last_event_id]
    broken: dict[str, list[tuple[Vector, Exception]]] = {}
    for vector in checked:
        try:
            _check(vector, parse)
        except Exception as error:  # noqa: BLE001  # all vectors are checked, and all failures reported
            broken.setdefault(_rule(vector), []).append((vector, error))
    if broken:
        failures = {rule: _failure(found) for rule, found in broken.items()}
        raise NonConforming(failures, len({_rule(vector) for vector in checked}))
    return [vector.name for vector in checked]


def _rule(vector: Vector) -> str:
    return f"{vector.sentence} ({vector.clause})"


def _failure(found: list[tuple[Vector, Exception]]) -> Exception:
    vector, error = found[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    failure = RuleBroken(f"{vector.name}: {describe(error)}{more}")
    failure.__cause__ = error
    return failure


def _check(vector: Vector, parse: Callable[[list[bytes]], Iterable[tuple[str, str, str]]]) -> None:
    expected = [(event.event, event.data, event.id) for event in vector.events]
    for how, chunks in _splits(vector):
        found = [tuple(event) for event in parse(chunks)]
        if found != expected:
            raise RuleBroken(f"{_truncate(repr(vector.stream))} {how}: {_difference(found, expected)}")


def _difference(found: Sequence[tuple[str, ...]], expected: Sequence[tuple[str, ...]]) -> str:
    if len(repr(found)) <= MAX_QUOTED and len(repr(expected)) <= MAX_QUOTED:
        return f"{found!r} instead of {expected!r}"
    # The lists are too long to quote: quote the first events that differ, from just before the difference.
    pairs = itertools.zip_longest(found, expected)
    number, pair = next((number, pair) for number, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    texts = [repr(event) for event in pair]
    equal = itertools.takewhile(lambda both: both[0] == both[1], zip(*texts, strict=False))
    begin = max(0, len(list(equal)) - MAX_QUOTED // 2)
    quoted = [
        "nothing" if event is None else ("…" if begin else "") + _truncate(text[begin:])
        for event, text in zip(pair, texts, strict=True)
    ]
    return f"event {number} is {quoted[0]} instead of {quoted[1]}"


def _splits(vector: Vector) -> Iterator[tuple[str, list[bytes]]]:
    stream = vector.stream
    yield "split as in its file", list(vector.chunks)
    yield "whole", [stream]
    yield "byte by byte", [stream[index : index + 1] for index in range(len(stream))]
    yield "with empty chunks added", [piece for chunk in vector.chunks for piece in (b"", chunk, b"")]
    for place in range(1, len(stream)):
        yield f"split after byte {place}", [stream[:place], stream[place:]]


def _truncate(text: str) -> str:
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"
