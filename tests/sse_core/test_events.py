"""Events and comments as values."""

from __future__ import annotations

import json

import pytest

from sse_core import Comment, Event


def test_an_event_of_data_alone_is_a_message_without_id_and_retry() -> None:
    event = Event("hi")
    assert (event.data, event.event, event.id, event.retry) == ("hi", "message", "", None)


def test_an_event_takes_its_fields_by_name_and_by_place() -> None:
    by_name = Event(data="hi", event="greeting", id="7", retry=5)
    assert by_name == Event("hi", "greeting", "7", 5)
    assert (by_name.data, by_name.event, by_name.id, by_name.retry) == ("hi", "greeting", "7", 5)


@pytest.mark.parametrize(
    "other",
    [
        Event("ho", "greeting", "7", 5),
        Event("hi", "parting", "7", 5),
        Event("hi", "greeting", "8", 5),
        Event("hi", "greeting", "7", 6),
        Event("hi", "greeting", "7", None),
    ],
    ids=["data", "event", "id", "retry", "no retry"],
)
def test_events_that_differ_in_one_field_are_not_equal(other: Event) -> None:
    event = Event("hi", "greeting", "7", 5)
    assert event != other
    assert not event == other  # noqa: SIM201  # `==` and `!=` are asked apart


def test_an_event_equals_no_value_of_another_type() -> None:
    event = Event("hi")
    assert event != ("hi", "message", "", None)
    assert event != "hi"
    assert event != Comment("hi")
    # The other operand is asked too.
    assert event == AlwaysEqual()


def test_comments_are_equal_by_their_text() -> None:
    assert Comment("hi") == Comment("hi")
    assert Comment("hi") != Comment("ho")
    assert Comment("hi") != "hi"
    assert Comment("hi") != Event("hi")
    assert Comment("hi") == AlwaysEqual()


class OtherEvent(Event):
    pass


class OtherComment(Comment):
    pass


@pytest.mark.parametrize(
    ("plain", "other", "same"),
    [
        (Event("hi"), OtherEvent("hi"), OtherEvent("hi")),
        (Comment("hi"), OtherComment("hi"), OtherComment("hi")),
    ],
    ids=["event", "comment"],
)
def test_a_subclass_is_equal_by_its_type_and_fields(
    plain: Event | Comment, other: Event | Comment, same: Event | Comment
) -> None:
    assert other == same
    assert plain != other
    assert other != plain


class AlwaysEqual:
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True


@pytest.mark.parametrize("item", [Event("hi"), Comment("hi")], ids=["event", "comment"])
def test_what_can_change_cannot_be_hashed(item: Event | Comment) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(item)


@pytest.mark.parametrize("item", [Event("hi"), Comment("hi")], ids=["event", "comment"])
def test_a_misspelt_field_cannot_be_set(item: Event | Comment) -> None:
    with pytest.raises(AttributeError):
        item.date = "hi"  # type: ignore[union-attr]


def test_the_repr_is_the_call_that_makes_an_equal_value() -> None:
    event = Event('a "b"\n', "greeting", "€", 5)
    assert repr(event) == """Event(data='a "b"\\n', event='greeting', id='€', retry=5)"""
    comment = Comment("a\0")
    assert repr(comment) == r"Comment(text='a\x00')"
    names = {"Event": Event, "Comment": Comment}
    assert eval(repr(event), names) == event
    assert eval(repr(comment), names) == comment


def test_events_and_comments_match_by_place_and_by_name() -> None:
    def told(item: Event | Comment) -> str:
        match item:
            case Event(data, "message", "", None):
                return f"data {data}"
            case Event(data, event, id, retry):
                return f"{event} {data} {id} {retry}"
            case Comment(text):
                return f"comment {text}"

    assert told(Event("hi")) == "data hi"
    assert told(Event("hi", "greeting", "7", 5)) == "greeting hi 7 5"
    assert told(Comment("hi")) == "comment hi"
    match Event("hi", id="7"):
        case Event(id="7", data=data):
            assert data == "hi"
        case _:
            pytest.fail("did not match by name")


def test_json_is_the_data_decoded() -> None:
    assert Event('{"a": [1, null, "€"]}').json() == {"a": [1, None, "€"]}
    assert Event("1\n").json() == 1


@pytest.mark.parametrize("data", ["", "[DONE]", "{"])
def test_json_of_data_that_is_none_raises_the_error_of_the_json_module(data: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        Event(data).json()
