"""`check_parser`: our parser passes, and a wrong one learns which sentence of the standard it breaks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest

from sse_core import InvalidArgument, Parser
from sse_transports.testing import NonConforming, check_parser, vectors
from sse_transports.testing._check_parser import _difference

Parsed = Iterable[tuple[str, str, str]]


def parse(chunks: list[bytes]) -> Parsed:
    parser = Parser()
    return [(event.event, event.data, event.id) for chunk in chunks for event in parser.feed(chunk)]


def test_our_parser_passes() -> None:
    assert len(check_parser(parse)) > 200


def test_vectors_are_values() -> None:
    first, again = vectors(), vectors()
    assert first == again
    assert len({vector.name for vector in first}) == len(first)
    with pytest.raises(AttributeError):
        first[0].name = "other"  # type: ignore[misc]


def naive(chunks: list[bytes]) -> Parsed:
    """A parser that is right only about the simplest streams, and only if they come in one chunk."""
    for chunk in chunks:
        for block in chunk.decode("utf-8", "replace").split("\n\n")[:-1]:
            fields = dict(re.findall(r"^(\w+): ?(.*)$", block, re.MULTILINE))
            yield fields.get("event", "message"), fields.get("data", ""), fields.get("id", "")


def test_a_failure_quotes_the_standard_and_a_vector() -> None:
    with pytest.raises(NonConforming) as caught:
        check_parser(naive)
    message = str(caught.value)
    assert re.match(r"\d\d of \d\d rules are broken:\n- ", message)
    rule = (
        "The last event ID stays from event to event until the server sends another."
        " (https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage)"
    )
    assert f"\n- {rule}: an id stays for later events: b'id: 1\\n" in message
    assert re.search(
        r" split as in its file: event 2 is \(.* instead of \(.* \(and \d+ more\)$",
        str(caught.value.failures[rule]),
    )
    assert len(message.splitlines()) == 1 + len(caught.value.failures) < 1 + caught.value.checked


def test_an_error_of_the_parser_is_a_failure() -> None:
    def strict(chunks: list[bytes]) -> Parsed:
        b"".join(chunks).decode()
        return parse(chunks)

    with pytest.raises(NonConforming) as caught:
        check_parser(strict)
    causes = [type(error.__cause__) for error in caught.value.failures.values()]
    assert set(causes) == {UnicodeDecodeError}
    assert all("UnicodeDecodeError('utf-8'" in str(error) for error in caught.value.failures.values())


def test_a_parser_that_ignores_earlier_chunks_fails() -> None:
    def per_chunk(chunks: list[bytes]) -> Parsed:
        return [event for chunk in chunks for event in parse([chunk])]

    with pytest.raises(NonConforming, match=r"byte by byte: \[\] instead of"):
        check_parser(per_chunk)


def test_a_failure_names_the_byte_of_the_split() -> None:
    def forgetful(chunks: list[bytes]) -> Parsed:
        return [] if len(chunks) == 2 and len(chunks[0]) == 3 else parse(chunks)

    with pytest.raises(NonConforming, match=r" split after byte 3: \[\] instead of"):
        check_parser(forgetful)


@pytest.mark.parametrize("not_callable", [None, "parser", Parser()])
def test_a_parser_must_be_a_function(not_callable: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^parse: expected a function, not "):
        check_parser(not_callable)


def test_long_events_are_quoted_where_they_differ() -> None:
    long = "abc " * 100
    expected = [("message", "a", ""), ("message", f"{long}1{long}", "")]
    text = _difference([expected[0], ("message", f"{long}2{long}", "")], expected)
    assert re.fullmatch(r"event 2 is ….*2abc.*… instead of ….*1abc.*…", text)
    assert len(text) < 160
    assert _difference(expected[:1], expected).startswith(
        "event 2 is nothing instead of ('message', 'abc abc"
    )
