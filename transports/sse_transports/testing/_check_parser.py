"""Whether a parser, anybody's, does what the standard says."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

from sse_core import InvalidArgument

from ._bench import Broken
from ._conformance import NonConforming
from ._vectors import Vector, vectors

SHOWN = 60
"""Characters of a stream that a message quotes."""


def check_parser(parse: Callable[[list[bytes]], Iterable[tuple[str, str, str]]]) -> list[str]:
    """Check that a parser of event streams does what the standard says, however a stream is cut.

    Every vector is parsed as it is cut in its file, whole, byte by byte, with empty chunks between, and cut
    in two at every place. Vectors that begin with a last event ID are left out: it has no place here.

    Args:
        parse: called with the chunks of a stream; returns what is dispatched until it ends, each as
            `(event, data, id)`: the event's type, `"message"` if none was sent, its data, and the last
            event ID at that moment, which stays from earlier events.

    Returns:
        The names of the vectors, all of which it parses as it should.

    Raises:
        sse_core.InvalidArgument: `parse` cannot be called.
        NonConforming: says what the standard says, sentence by sentence, and a vector that shows that
            the parser does not do so. An error that `parse` raises is such a failure too.
    """
    if not callable(parse):
        raise InvalidArgument("parse", f"expected a function, not {parse!r}")
    checked = [vector for vector in vectors() if not vector.initial_last_event_id]
    broken: dict[str, list[tuple[Vector, Exception]]] = {}
    for vector in checked:
        try:
            _check(vector, parse)
        except Exception as error:  # noqa: BLE001  # all are checked, and all failures told
            broken.setdefault(_rule(vector), []).append((vector, error))
    if broken:
        failures = {rule: _failure(found) for rule, found in broken.items()}
        raise NonConforming(failures, len({_rule(vector) for vector in checked}))
    return [vector.name for vector in checked]


def _rule(vector: Vector) -> str:
    return f"{vector.sentence} ({vector.clause})"


def _failure(found: list[tuple[Vector, Exception]]) -> Exception:
    vector, error = found[0]
    told = str(error) if isinstance(error, Broken) else repr(error)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    failure = Broken(f"{vector.name}: {told}{more}")
    failure.__cause__ = error
    return failure


def _check(vector: Vector, parse: Callable[[list[bytes]], Iterable[tuple[str, str, str]]]) -> None:
    wanted = [(event.event, event.data, event.id) for event in vector.events]
    for how, chunks in _cuts(vector):
        found = [tuple(event) for event in parse(chunks)]
        if found != wanted:
            raise Broken(f"{_shown(vector.stream)} {how}: {_difference(found, wanted)}")


def _difference(found: Sequence[tuple[str, ...]], wanted: Sequence[tuple[str, ...]]) -> str:
    if len(repr(found)) <= SHOWN and len(repr(wanted)) <= SHOWN:
        return f"{found!r} instead of {wanted!r}"
    # Of long lists, what differs may stand behind all that is shown.
    pairs = itertools.zip_longest(found, wanted)
    place, (one, other) = next((place, pair) for place, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    ours, theirs = repr(one), repr(other)
    alike = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(ours, theirs, strict=False))
    begin = max(0, len(list(alike)) - SHOWN // 2)
    told = [
        "nothing" if event is None else ("…" if begin else "") + _cut(text[begin:])
        for event, text in ((one, ours), (other, theirs))
    ]
    return f"event {place} is {told[0]} instead of {told[1]}"


def _cuts(vector: Vector) -> Iterator[tuple[str, list[bytes]]]:
    stream = vector.stream
    yield "as it is cut in its file", list(vector.chunks)
    yield "whole", [stream]
    yield "byte by byte", [stream[index : index + 1] for index in range(len(stream))]
    yield "with empty chunks between", [piece for chunk in vector.chunks for piece in (b"", chunk, b"")]
    for place in range(1, len(stream)):
        yield f"cut behind byte {place}", [stream[:place], stream[place:]]


def _shown(value: object) -> str:
    return _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
