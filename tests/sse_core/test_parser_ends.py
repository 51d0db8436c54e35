"""What a parser says of an unfinished event at the end of a stream, and how it delivers it all the same."""

from __future__ import annotations

import pytest
from hypothesis import given

from sse_core import Comment, Event, IllegalState, Parser
from tests.sse_core.feeding import after_blank_lines, byte_by_byte
from tests.sse_core.reference import interpret
from tests.sse_core.strategies import MODERATE, cut_streams

LONG = "x" * 40_000


def fed(stream: bytes, *, comments: bool = False) -> Parser[Event | Comment]:
    parser = Parser[Event | Comment](comments=comments)
    parser.feed(stream)
    return parser


@pytest.mark.parametrize(
    ("rest", "text", "event"),
    [
        (b"", "", None),
        (b"\n", "", None),
        (b": hi", "", None),
        (b"unknown: a\n", "", None),
        (b"dat", "dat", None),
        (b"data", "data", Event("", id="1")),
        (b"data: b", "data: b", Event("b", id="1")),
        (b"data:b\n", "data: b\n", Event("b", id="1")),
        (b"data: b\r\n", "data: b\n", Event("b", id="1")),
        (b"data: b\r", "data: b\n", Event("b", id="1")),
        (b"data: b\ndata: c\ndata", "data: b\ndata: c\ndata", Event("b\nc\n", id="1")),
        (b"id: 2\n", "id: 2\n", None),
        (b"retry: 7", "retry: 7", None),
        (
            b"data: b\nid: 2\nretry: 7\nevent: e",
            "id: 2\nretry: 7\ndata: b\nevent: e",
            Event("b", "e", "2", 7),
        ),
        (b"event: e\nid: 2\ndata: b\n", "event: e\nid: 2\ndata: b\n", Event("b", "e", "2")),
        ("data: €".encode()[:-1], "data: \ufffd", Event("\ufffd", id="1")),
        (f"data: {LONG}".encode(), f"data: {LONG[:194]}", Event(LONG, id="1")),
        (f"data: {LONG}\ndata: {LONG}\n".encode(), f"data: {LONG[:194]}", Event(f"{LONG}\n{LONG}", id="1")),
        (b"data: b\n" * 3000, ("data: b\n" * 25), Event("\n".join("b" * 3000), id="1")),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_an_unfinished_event_can_be_seen_and_finished(rest: bytes, text: str, event: Event | None) -> None:
    parser = fed(b"id: 1\nretry: 5\ndata: a\n\n" + rest)
    pending = parser.pending
    assert (parser.pending_text, parser.pending_event) == (text, event)
    # Looking changes nothing.
    assert (parser.pending, parser.pending_text, parser.pending_event) == (pending, text, event)
    assert (parser.last_event_id, parser.id_was_set) == ("1", True)

    assert parser.finish() == ([] if event is None else [event])
    assert parser.pending == 0
    with pytest.raises(IllegalState, match="reset"):
        parser.feed(b"data: c\n\n")
    parser.reset()
    assert parser.feed(b"data: c\n\n") == [Event("c", id="2" if b"id: 2" in rest else "1")]


def test_seeing_an_event_does_not_stop_it_from_growing() -> None:
    parser = fed(b"data: a\ndata: b\nid: 2")
    assert parser.pending_event == Event("a\nb", id="2")
    assert (parser.last_event_id, parser.id_was_set) == ("", False)
    assert parser.feed(b"3\ndata: c\n\n") == [Event("a\nb\nc", id="23")]


def test_the_reconnection_time_of_an_unfinished_line_is_not_set_by_looking() -> None:
    parser = fed(b"data: a\nretry: 7")
    assert parser.pending_event == Event("a", retry=7)
    assert parser.retry is None
    assert parser.finish() == [Event("a", retry=7)]
    assert parser.retry == 7


def test_finishing_commits_an_id_without_data() -> None:
    parser = fed(b"id: 2")
    assert parser.finish() == []
    assert (parser.last_event_id, parser.id_was_set) == ("2", True)


def test_finishing_returns_an_unfinished_comment_if_asked_for() -> None:
    assert fed(b"data: a\n: hi", comments=True).finish() == [Comment("hi"), Event("a")]
    assert fed(b"data: a\n: hi", comments=True).pending_event == Event("a")
    assert fed(b"data: a\n: hi").finish() == [Event("a")]


@MODERATE
@given(cut_streams())
def test_finishing_is_a_line_end_and_a_blank_line(chunks: list[bytes]) -> None:
    stream = b"".join(chunks)
    for comments in (False, True):
        whole, piecewise = fed(stream, comments=comments), Parser[Event | Comment](comments=comments)
        items = [item for chunk in byte_by_byte(stream) for item in piecewise.feed(chunk)]
        assert whole.pending_text == piecewise.pending_text
        assert whole.pending or not whole.pending_text
        pending = piecewise.pending_event
        assert whole.pending_event == pending
        finished = piecewise.finish()
        assert [item for item in finished if isinstance(item, Event)] == ([pending] if pending else [])
        expected = interpret(stream + (b"" if _has_started_bom(stream) else b"\n\n"))
        if not comments:
            expected = expected.without_comments()
        assert items + finished == expected.items
        assert (piecewise.last_event_id, piecewise.retry) == (expected.last_event_id, expected.retry)


def _has_started_bom(stream: bytes) -> bool:
    return stream in {b"\xef", b"\xef\xbb"}


@pytest.mark.parametrize("default_type", ["", "none", "é"])
def test_the_type_of_events_without_one_can_be_chosen(default_type: str) -> None:
    stream = b"data: a\n\nevent: message\ndata: b\n\nevent\ndata: c\n\nevent: e\ndata: d\n\ndata: e\n\n" * 3
    expected = [default_type, "message", default_type, "e", default_type] * 3
    for chunks in ([stream], byte_by_byte(stream), after_blank_lines(stream)):
        parser = Parser(default_type=default_type)
        events = [event for chunk in chunks for event in parser.feed(chunk)]
        assert [event.event for event in events] == expected
        parser.feed(b"data: unfinished")
        assert parser.pending_event == Event("unfinished", default_type)
        parser.reset()
        assert parser.feed(b"data: f\n\n") == [Event("f", default_type)]
