"""What holds for any bytes, cut in any way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import Comment, Event, EventTooLarge, Parser, _unfinished
from tests.sse_core.feeding import byte_by_byte, in_pieces, outcome_of, outcome_under_limit
from tests.sse_core.reference import Outcome, before_too_large, interpret
from tests.sse_core.strategies import MODERATE, PATIENT, cut_streams, streams

last_event_ids = st.sampled_from(["", "", "7", "€"])
limits = st.integers(min_value=1, max_value=60)

# Bytes of an unfinished event that are kept without being looked at: none, few, the usual number.
starts_held = st.sampled_from([0, 5, 20, _unfinished.LARGEST_START])

# A field name that is not whole yet is held whatever the limit: "event" is the longest.
UNDECIDED_NAME = 5


@contextmanager
def starts_held_up_to(size: int) -> Iterator[None]:
    usual = _unfinished.LARGEST_START
    _unfinished.LARGEST_START = size
    try:
        yield
    finally:
        _unfinished.LARGEST_START = usual


class WithoutWholeEvents(Parser[Event | Comment]):
    """A parser without the fast way for a chunk that is one event."""

    @property
    def _whole_size(self) -> int:
        return -1

    @_whole_size.setter
    def _whole_size(self, value: int) -> None:
        pass


class WithoutAnyWhole(Parser[Event | Comment]):
    """A parser with that fast way for what is framed like the last event only."""

    def _take_whole(self, data: bytes, text: str, events: list[Event | Comment]) -> bool:
        return False


class WithoutRuns(Parser[Event | Comment]):
    """A parser without the fast way for events that begin alike."""

    def _take_run(self, data: bytes, end: int, events: list[Event | Comment]) -> bool:
        return False


class WithoutCRLFRuns(Parser[Event | Comment]):
    """A parser without the fast way for events that begin alike and have CRLF."""

    def _take_crlf_run(self, data: bytes, events: list[Event | Comment]) -> bytes:
        return data


class WithoutDataLines(Parser[Event | Comment]):
    """A parser without the fast way for many lines of data."""

    def _add_data_lines(self, lines: bytes, end: int) -> bool:
        return False


class WithoutLongLines(Parser[Event | Comment]):
    """A parser without the fast way for a chunk within a line."""

    def _held_within_line(self, data: bytes) -> bool:
        return False


class PlainParser(WithoutWholeEvents, WithoutRuns, WithoutCRLFRuns, WithoutDataLines, WithoutLongLines):
    """A parser without any fast way: every line goes the plain way."""


SLOWER = [
    WithoutWholeEvents,
    WithoutAnyWhole,
    WithoutRuns,
    WithoutCRLFRuns,
    WithoutDataLines,
    WithoutLongLines,
    PlainParser,
]


def talking_parser(last_event_id: str = "", max_event_size: int = 2**20) -> Parser[Event | Comment]:
    return Parser(last_event_id=last_event_id, max_event_size=max_event_size, comments=True)


def silent_parser(last_event_id: str = "", max_event_size: int = 2**20) -> Parser[Event]:
    return Parser(last_event_id=last_event_id, max_event_size=max_event_size)


@MODERATE
@given(cut_streams(), last_event_ids)
def test_any_stream_cut_anywhere_gives_what_the_reference_gives(chunks: list[bytes], start: str) -> None:
    expected = interpret(b"".join(chunks), start)
    assert outcome_of(chunks, talking_parser(start)) == expected
    assert outcome_of(chunks, silent_parser(start)) == expected.without_comments()


@MODERATE
@given(st.lists(st.binary(max_size=20)))
def test_any_bytes_give_what_the_reference_gives(chunks: list[bytes]) -> None:
    assert outcome_of(chunks, talking_parser()) == interpret(b"".join(chunks))


@MODERATE
@given(cut_streams(), st.integers(1, 60))
def test_how_the_bytes_are_cut_never_changes_the_result(chunks: list[bytes], size: int) -> None:
    stream = b"".join(chunks)
    whole = outcome_of([stream], silent_parser())
    assert outcome_of(chunks, silent_parser()) == whole
    assert outcome_of(in_pieces(stream, size), silent_parser()) == whole
    assert outcome_of(byte_by_byte(stream), silent_parser()) == whole


@MODERATE
@given(cut_streams())
def test_nothing_complete_is_held_back_after_any_chunk(chunks: list[bytes]) -> None:
    parser = talking_parser()
    items: list[Event | Comment] = []
    so_far = b""
    for chunk in chunks:
        items += parser.feed(chunk)
        so_far += chunk
        state = Outcome(items, parser.last_event_id, parser.retry, parser.pending)
        assert state == interpret(so_far)


@pytest.mark.parametrize("slower", SLOWER)
@MODERATE
@given(cut_streams(), starts_held, st.booleans())
def test_a_fast_way_gives_what_the_plain_way_gives(
    slower: type[Parser[Event | Comment]], chunks: list[bytes], start_held: int, comments: bool
) -> None:
    with starts_held_up_to(start_held):
        fast = outcome_of(chunks, Parser[Event | Comment](max_event_size=2**20, comments=comments))
        assert fast == outcome_of(chunks, slower(comments=comments))


@pytest.mark.parametrize("slower", SLOWER)
@MODERATE
@given(cut_streams(), limits, starts_held, st.booleans())
def test_a_fast_way_keeps_the_limit_as_the_plain_way_does(
    slower: type[Parser[Event | Comment]], chunks: list[bytes], limit: int, start_held: int, comments: bool
) -> None:
    with starts_held_up_to(start_held):
        fast = outcome_under_limit(chunks, Parser[Event | Comment](max_event_size=limit, comments=comments))
        assert fast == outcome_under_limit(chunks, slower(max_event_size=limit, comments=comments))


@MODERATE
@given(cut_streams(), starts_held, st.integers(1, 60))
def test_how_much_of_an_event_is_kept_unread_never_changes_the_result(
    chunks: list[bytes], start_held: int, size: int
) -> None:
    stream = b"".join(chunks)
    expected = interpret(stream)
    with starts_held_up_to(start_held):
        for cut in (chunks, in_pieces(stream, size), byte_by_byte(stream)):
            assert outcome_of(cut, talking_parser()) == expected
            assert outcome_of(cut, silent_parser()) == expected.without_comments()


@MODERATE
@given(cut_streams(), limits)
def test_a_limit_fails_at_the_same_line_however_the_bytes_are_cut(chunks: list[bytes], limit: int) -> None:
    stream = b"".join(chunks)
    for comments in (False, True):
        usable = before_too_large(stream, limit, comments=comments)
        expected = interpret(stream if usable is None else usable)
        if usable is not None:
            # What a failed parser held is dropped.
            expected.pending = 0
        if not comments:
            expected = expected.without_comments()
        named = None if usable is None else limit
        for cut in (chunks, [stream], byte_by_byte(stream)):
            parser = talking_parser("", limit) if comments else silent_parser("", limit)
            assert outcome_under_limit(cut, parser) == (expected, named)


@MODERATE
@given(cut_streams(), limits, st.booleans())
def test_no_more_is_held_than_the_limit(chunks: list[bytes], limit: int, comments: bool) -> None:
    for cut in (chunks, byte_by_byte(b"".join(chunks))):
        parser = Parser[Event | Comment](max_event_size=limit, comments=comments)
        for chunk in cut:
            try:
                parser.feed(chunk)
            except EventTooLarge:
                assert parser.pending == 0
                break
            finally:
                # Before `pending`, which looks at what was only kept.
                assert len(parser._start) <= limit
                assert parser.pending <= limit + UNDECIDED_NAME
                line = len(parser._line.join())
                data, _, event_id, _ = parser._event
                values = data if isinstance(data, list) else [data or ""]
                event = len("".join(values).encode()) + len(event_id or "")
                # A comment that was asked for is limited by itself: it belongs to no event.
                assert line + (0 if comments else event) <= limit + UNDECIDED_NAME


@PATIENT
@given(streams, streams, st.integers(1, 7))
def test_two_parsers_never_share_state(one: bytes, other: bytes, size: int) -> None:
    first, second = talking_parser(), talking_parser("7")
    of_first: list[Event | Comment] = []
    of_second: list[Event | Comment] = []
    ones, others = in_pieces(one, size), in_pieces(other, size)
    for index in range(max(len(ones), len(others))):
        of_first += first.feed(b"".join(ones[index : index + 1]))
        of_second += second.feed(b"".join(others[index : index + 1]))
    assert Outcome(of_first, first.last_event_id, first.retry, first.pending) == interpret(one)
    assert Outcome(of_second, second.last_event_id, second.retry, second.pending) == interpret(other, "7")


@PATIENT
@given(st.lists(cut_streams(), max_size=3))
def test_a_reset_parser_goes_on_with_id_and_retry_alone(connections: list[list[bytes]]) -> None:
    parser = talking_parser()
    last_event_id, retry = "", None
    for chunks in connections:
        expected = interpret(b"".join(chunks), last_event_id)
        if expected.retry is None:
            expected.retry = retry
        assert outcome_of(chunks, parser) == expected
        parser.reset()
        last_event_id, retry = expected.last_event_id, expected.retry


@PATIENT
@given(cut_streams())
def test_bytearrays_and_memoryviews_parse_like_bytes(chunks: list[bytes]) -> None:
    expected = interpret(b"".join(chunks))
    for wrap in (bytearray, memoryview):
        parser = talking_parser()
        items: list[Event | Comment] = []
        for chunk in chunks:
            items += parser.feed(wrap(chunk))
        assert Outcome(items, parser.last_event_id, parser.retry, parser.pending) == expected


def test_a_chunk_larger_than_any_buffer_gives_what_small_ones_give() -> None:
    # Larger than what the parser takes at a time, at every offset, with a CRLF, a blank line, a wide
    # character and a field name to cut.
    block = "event: e\r\ndata: a€\r\n\r\ndata: b\n\n".encode()
    for offset in range(len(block)):
        stream = b"\n" * offset + block * 10_000
        whole = outcome_of([stream], silent_parser(max_event_size=1000))
        assert len(whole.items) == 20_000
        assert whole == outcome_of(in_pieces(stream, 1460), silent_parser())
