"""`Event` and `Comment` as values: fields, equality, repr, pattern matching, JSON."""

from __future__ import annotations

import json

import pytest

from sse_core import Comment, Event


def test_event_defaults() -> None:
    event = Event("hi")
    assert (event.data, event.event, event.id, event.retry) == ("hi", "message", "", None)


def test_event_fields_by_keyword_and_by_position() -> None:
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
    assert not event == other  # noqa: SIM201  # tests `==` and `!=`


def test_event_equals_no_value_of_another_type() -> None:
    event = Event("hi")
    assert event != ("hi", "message", "", None)
    assert event != "hi"
    assert event != Comment("hi")
    # `__eq__` of the other operand is called too.
    assert event == AlwaysEqual()


def test_comments_are_equal_if_their_text_is() -> None:
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
def test_a_subclass_equals_only_its_own_type(
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
def test_events_and_comments_are_not_hashable(item: Event | Comment) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(item)


@pytest.mark.parametrize("item", [Event("hi"), Comment("hi")], ids=["event", "comment"])
def test_a_misspelt_field_cannot_be_set(item: Event | Comment) -> None:
    with pytest.raises(AttributeError):
        item.date = "hi"  # type: ignore[union-attr]


def test_eval_of_repr_gives_an_equal_value() -> None:
    event = Event('a "b"\n', "greeting", "€", 5)
    assert repr(event) == """Event(data='a "b"\\n', event='greeting', id='€', retry=5)"""
    comment = Comment("a\0")
    assert repr(comment) == r"Comment(text='a\x00')"
    names = {"Event": Event, "Comment": Comment}
    assert eval(repr(event), names) == event
    assert eval(repr(comment), names) == comment


def test_pattern_matching_by_position_and_by_keyword() -> None:
    def describe(item: Event | Comment) -> str:
        match item:
            case Event(data, "message", "", None):
                return f"data {data}"
            case Event(data, event, id, retry):
                return f"{event} {data} {id} {retry}"
            case Comment(text):
                return f"comment {text}"

    assert describe(Event("hi")) == "data hi"
    assert describe(Event("hi", "greeting", "7", 5)) == "greeting hi 7 5"
    assert describe(Comment("hi")) == "comment hi"
    match Event("hi", id="7"):
        case Event(id="7", data=data):
            assert data == "hi"
        case _:
            pytest.fail("did not match by keyword")


def test_json_decodes_the_data() -> None:
    assert Event('{"a": [1, null, "€"]}').json() == {"a": [1, None, "€"]}
    assert Event("1\n").json() == 1


@pytest.mark.parametrize(
    "data",
    [" 1", "\r\n[1]", "1\n", '{"a": 1} \t', '\n"a"\n', '"a "', "NaN", "-1.5e3", "1" * 300],
)
def test_json_is_json_loads_with_and_without_whitespace_around(data: str) -> None:
    assert repr(Event(data).json()) == repr(json.loads(data))


@pytest.mark.parametrize(
    "data", ["1 2", "{}{}", "[1]]", "1\n,", " ", "\ufeff1", "\xa01", "1\x0b", '"a', "[1,]"]
)
def test_json_raises_what_json_loads_raises(data: str) -> None:
    with pytest.raises(json.JSONDecodeError) as expected:
        json.loads(data)
    with pytest.raises(json.JSONDecodeError) as caught:
        Event(data).json()
    assert (caught.value.doc, caught.value.pos) == (data, expected.value.pos)
    assert f"): {expected.value.msg}: line" in str(caught.value)


def test_json_of_too_long_an_integer_raises_as_json_loads_does() -> None:
    with pytest.raises(ValueError, match="4300 digits") as caught:
        Event("1" * 4301).json()
    assert not isinstance(caught.value, json.JSONDecodeError)


@pytest.mark.parametrize("data", ["", "[DONE]", "{"])
def test_json_of_invalid_data_raises_json_decode_error(data: str) -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        Event(data).json()
    assert (caught.value.doc, caught.value.pos) == (data, 1 if data == "{" or data == "[DONE]" else 0)
    assert f"the event's data is not JSON: {data!r} (if it ends the stream, pass it as `until`)" in str(
        caught.value
    )


def test_the_error_of_json_shows_the_start_of_the_data() -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        Event("x\n" + 1000 * "y").json()
    assert repr("x\n" + 98 * "y") + "..." in str(caught.value)
    assert 99 * "y" not in str(caught.value)
