"""The published vectors: our parser passes, and others are told what they break, and where it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest

from sse_core import InvalidArgument, Parser
from sse_transports.testing import NonConforming, check_parser, vectors
from sse_transports.testing._check_parser import _difference

Parsed = Iterable[tuple[str, str, str]]


def ours(chunks: list[bytes]) -> Parsed:
    parser = Parser()
    return [(event.event, event.data, event.id) for chunk in chunks for event in parser.feed(chunk)]


def test_our_parser_passes() -> None:
    assert len(check_parser(ours)) > 200


def test_vectors_are_values() -> None:
    first, again = vectors(), vectors()
    assert first == again
    assert len({vector.name for vector in first}) == len(first)
    with pytest.raises(AttributeError):
        first[0].name = "other"  # type: ignore[misc]


def naive(chunks: list[bytes]) -> Parsed:
    """Right about the simplest streams only, and if they come in one piece."""
    for chunk in chunks:
        for block in chunk.decode("utf-8", "replace").split("\n\n")[:-1]:
            fields = dict(re.findall(r"^(\w+): ?(.*)$", block, re.MULTILINE))
            yield fields.get("event", "message"), fields.get("data", ""), fields.get("id", "")


def test_a_parser_that_is_wrong_is_told_which_vectors_it_breaks_and_what_the_standard_says() -> None:
    with pytest.raises(NonConforming) as caught:
        check_parser(naive)
    said = str(caught.value)
    assert re.match(r"\d\d of \d\d rules are broken:\n- ", said)
    rule = (
        "The last event ID stays from event to event until the server sends another."
        " (https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage)"
    )
    assert f"\n- {rule}: an id stays for later events: b'id: 1\\n" in said
    assert re.search(
        r" as it is cut in its file: event 2 is \(.* instead of \(.* \(and \d+ more\)$",
        str(caught.value.failures[rule]),
    )
    assert len(said.splitlines()) == 1 + len(caught.value.failures) < 1 + caught.value.checked


def test_a_parser_that_raises_is_told_so() -> None:
    def strict(chunks: list[bytes]) -> Parsed:
        b"".join(chunks).decode()
        return ours(chunks)

    with pytest.raises(NonConforming) as caught:
        check_parser(strict)
    causes = [type(error.__cause__) for error in caught.value.failures.values()]
    assert set(causes) == {UnicodeDecodeError}
    assert all("UnicodeDecodeError('utf-8'" in str(error) for error in caught.value.failures.values())


def test_a_parser_that_only_errs_where_it_is_cut_is_told_where() -> None:
    def per_chunk(chunks: list[bytes]) -> Parsed:
        return [event for chunk in chunks for event in ours([chunk])]

    with pytest.raises(NonConforming, match=r"byte by byte: \[\] instead of"):
        check_parser(per_chunk)


def test_a_parser_that_errs_at_one_place_only_is_told_the_place() -> None:
    def forgetful(chunks: list[bytes]) -> Parsed:
        return [] if len(chunks) == 2 and len(chunks[0]) == 3 else ours(chunks)

    with pytest.raises(NonConforming, match=r" cut behind byte 3: \[\] instead of"):
        check_parser(forgetful)


@pytest.mark.parametrize("parse", [None, "parser", Parser()])
def test_what_cannot_be_called_is_refused_at_once(parse: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^parse: expected a function, not "):
        check_parser(parse)


def test_of_long_events_the_place_where_they_differ_is_shown() -> None:
    long = "abc " * 100
    wanted = [("message", "a", ""), ("message", f"{long}1{long}", "")]
    told = _difference([wanted[0], ("message", f"{long}2{long}", "")], wanted)
    assert re.fullmatch(r"event 2 is ….*2abc.*… instead of ….*1abc.*…", told)
    assert len(told) < 160
    assert _difference(wanted[:1], wanted).startswith("event 2 is nothing instead of ('message', 'abc abc")
