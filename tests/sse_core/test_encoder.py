"""An encoded event parses to an equal event; an event that could not is rejected."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import Comment, Event, InvalidArgument, Parser, UsageError, encode, encode_comment
from tests.sse_core.feeding import byte_by_byte, outcome_of
from tests.sse_core.strategies import MODERATE

# UTF-8 cannot encode a lone surrogate (category Cs).
characters = st.characters(exclude_categories=["Cs"])
texts = st.text(characters, max_size=30)


def without(forbidden: str) -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters=forbidden), max_size=20)


# Any text, and texts of several lines, which the first strategy seldom makes.
datas = st.one_of(without("\r"), st.lists(without("\r\n"), max_size=4).map("\n".join))
types = st.one_of(st.just("message"), without("\r\n").filter(bool))
ids = without("\r\n\0")
retries = st.one_of(st.none(), st.integers(min_value=0, max_value=10**18 - 1))
events = st.builds(Event, datas, types, ids, retries)
events_with_ids = st.builds(Event, datas, types, ids.filter(bool), retries)


@MODERATE
@given(events)
def test_an_encoded_event_parses_to_an_equal_event(event: Event) -> None:
    outcome = outcome_of([encode(event)], Parser())
    assert outcome.items == [event]
    assert (outcome.last_event_id, outcome.retry, outcome.pending) == (event.id, event.retry, 0)


@MODERATE
@given(st.lists(events_with_ids, max_size=5))
def test_events_with_ids_parse_to_equal_events_in_order(sent: list[Event]) -> None:
    stream = b"".join(map(encode, sent))
    assert outcome_of([stream], Parser()).items == sent
    assert outcome_of(byte_by_byte(stream), Parser()).items == sent


def test_an_event_without_an_id_keeps_the_last_id() -> None:
    stream = encode(Event("a", id="1")) + encode(Event("b"))
    assert outcome_of([stream], Parser()).items == [Event("a", id="1"), Event("b", id="1")]


@MODERATE
@given(events, without("\r\n"))
def test_an_encoded_comment_parses_to_an_equal_comment(event: Event, text: str) -> None:
    stream = encode_comment(text) + encode(event) + encode_comment(text)
    assert outcome_of([stream], Parser(comments=True)).items == [Comment(text), event, Comment(text)]


def test_encoded_bytes_have_the_usual_format() -> None:
    event = Event("a\n\nb", "greeting", "€", 5)
    assert encode(event) == "event: greeting\nid: €\nretry: 5\ndata: a\ndata: \ndata: b\n\n".encode()
    assert encode(Event("")) == b"data: \n\n"
    assert encode_comment("keepalive") == b": keepalive\n\n"


INVALID: dict[str, tuple[Any, str]] = {
    "a CR in data": (Event("a\rb"), "data"),
    "a CRLF in data": (Event("a\r\nb"), "data"),
    "data that is bytes": (Event(b"a"), "data"),  # type: ignore[arg-type]
    "data that is None": (Event(None), "data"),  # type: ignore[arg-type]
    "data that is a dict": (Event({"a": 1}), "data"),  # type: ignore[arg-type]
    "a lone surrogate in data": (Event("\ud800"), "data"),
    "a CR in the type": (Event("a", "b\rc"), "event"),
    "a LF in the type": (Event("a", "b\nc"), "event"),
    "an empty type": (Event("a", ""), "event"),
    "a type that is None": (Event("a", None), "event"),  # type: ignore[arg-type]
    "a lone surrogate in the type": (Event("a", "\udfff"), "event"),
    "a CR in the id": (Event("a", id="1\r2"), "id"),
    "a LF in the id": (Event("a", id="1\n2"), "id"),
    "a NUL in the id": (Event("a", id="1\0"), "id"),
    "an id that is a number": (Event("a", id=1), "id"),  # type: ignore[arg-type]
    "an id that is None": (Event("a", id=None), "id"),  # type: ignore[arg-type]
    "a lone surrogate in the id": (Event("a", id="\udc80"), "id"),
    "a negative retry": (Event("a", retry=-1), "retry"),
    "a retry of 19 digits": (Event("a", retry=10**18), "retry"),
    "a retry of 5000 digits": (Event("a", retry=10**5000), "retry"),
    "a retry that is a bool": (Event("a", retry=True), "retry"),
    "a retry that is text": (Event("a", retry="5"), "retry"),  # type: ignore[arg-type]
    "a retry that is a float": (Event("a", retry=5.0), "retry"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("event", "field"), INVALID.values(), ids=INVALID.keys())
def test_an_invalid_event_is_rejected_naming_the_field(event: Event, field: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        encode(event)
    assert caught.value.name == field
    assert str(caught.value).startswith(f"{field}: ")


INVALID_COMMENTS: dict[str, Any] = {
    "a CR": "a\rb",
    "a LF": "a\nb",
    "a lone surrogate": "\ud800",
    "bytes": b"a",
    "None": None,
}


@pytest.mark.parametrize("text", INVALID_COMMENTS.values(), ids=INVALID_COMMENTS.keys())
def test_an_invalid_comment_is_rejected(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        encode_comment(text)
    assert caught.value.name == "text"


def test_encoding_errors_are_value_and_usage_errors() -> None:
    with pytest.raises(ValueError, match="data: holds a CR"):
        encode(Event("\r"))
    with pytest.raises(UsageError):
        encode_comment("\n")


@pytest.mark.parametrize("retry", [0, 1, 10**18 - 1])
def test_smallest_and_largest_retry_parse_to_equal_values(retry: int) -> None:
    assert outcome_of([encode(Event("a", retry=retry))], Parser()).retry == retry
