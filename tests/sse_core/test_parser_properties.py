"""Properties that hold for any bytes in any chunks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sse_core import Comment, Event, EventTooLarge, Parser, _parser
from tests.sse_core.feeding import byte_by_byte, in_pieces, outcome_of, outcome_under_limit
from tests.sse_core.reference import Outcome, before_too_large, interpret
from tests.sse_core.strategies import MODERATE, PATIENT, cut_streams, streams

last_event_ids = st.sampled_from(["", "", "7", "€"])
limits = st.integers(min_value=1, max_value=60)

# Values for MAX_UNPARSED: none, few, the usual number.
unparsed_limits = st.sampled_from([0, 5, 20, _parser.MAX_UNPARSED])

# An unfinished field name is kept whatever the limit is: "event" and "retry" are the longest.
UNDECIDED_NAME = 5


@contextmanager
def max_unparsed(size: int) -> Iterator[None]:
    """Let the parser keep up to `size` bytes of an unfinished event unparsed."""
    usual = _parser.MAX_UNPARSED
    _parser.MAX_UNPARSED = size
    try:
        yield
    finally:
        _parser.MAX_UNPARSED = usual


# Parsers without one of the fast ways. No public option turns one off, so these override private methods.


class WithoutSingleEvents(Parser[Event | Comment]):
    """A parser that never tries a chunk as one event."""

    @property
    def _single_event_limit(self) -> int:
        return -1

    @_single_event_limit.setter
    def _single_event_limit(self, value: int) -> None:
        pass


class OnlySingleEventsInFrame(Parser[Event | Comment]):
    """A parser that takes a chunk as one event only if it has the frame of the last event."""

    def _parse_single_event(self, data: bytes, text: str, events: list[Event | Comment]) -> bool:
        return False


class WithoutPieces(Parser[Event | Comment]):
    """A parser that never holds a chunk without a further look."""

    @property
    def _pieces_left(self) -> int:
        return 0

    @_pieces_left.setter
    def _pieces_left(self, value: int) -> None:
        pass


class WithoutLastPieces(Parser[Event | Comment]):
    """A parser that treats a chunk that ends a held event like any other chunk."""

    def _parse_pieces(self, data: bytes, size: int) -> None:
        return None


class WithoutHeldEvents(Parser[Event | Comment]):
    """A parser that treats a blank line in a chunk of its own like any other chunk."""

    def _parse_held_event(self, pieces: list[bytes]) -> list[Event | Comment]:
        events: list[Event | Comment] = []
        self._parse_chunk(b"\n", events)
        return events


class WithoutRuns(Parser[Event | Comment]):
    """A parser that never splits a row of events by their common frame."""

    def _parse_run(self, data: bytes, end: int, events: list[Event | Comment]) -> bool:
        return False


class WithoutDataLines(Parser[Event | Comment]):
    """A parser that never takes many data lines at once."""

    def _parse_data_lines(self, data: bytes, end: int) -> bool:
        return False


class WithoutLongLines(Parser[Event | Comment]):
    """A parser that treats a chunk in the middle of a long line like any other chunk."""

    def _buffer_middle_of_line(self, data: bytes) -> bool:
        return False


class WithoutCRLFRuns(Parser[Event | Comment]):
    """A parser that turns CRLF into LF in each chunk."""

    def _parse_crlf_run(self, data: bytes, events: list[Event | Comment]) -> bytes:
        return data


class PlainParser(
    WithoutSingleEvents,
    WithoutPieces,
    WithoutLastPieces,
    WithoutHeldEvents,
    WithoutRuns,
    WithoutCRLFRuns,
    WithoutDataLines,
    WithoutLongLines,
):
    """A parser without fast ways: it parses all lines by the plain rules."""


SLOWER = [
    WithoutCRLFRuns,
    WithoutSingleEvents,
    OnlySingleEventsInFrame,
    WithoutPieces,
    WithoutLastPieces,
    WithoutHeldEvents,
    WithoutRuns,
    WithoutDataLines,
    WithoutLongLines,
    PlainParser,
]


def parser_with_comments(last_event_id: str = "", max_event_size: int = 2**20) -> Parser[Event | Comment]:
    return Parser(last_event_id=last_event_id, max_event_size=max_event_size, comments=True)


def parser_without_comments(last_event_id: str = "", max_event_size: int = 2**20) -> Parser[Event]:
    return Parser(last_event_id=last_event_id, max_event_size=max_event_size)


@MODERATE
@given(cut_streams(), last_event_ids)
def test_any_stream_parses_like_the_reference(chunks: list[bytes], start: str) -> None:
    expected = interpret(b"".join(chunks), start)
    assert outcome_of(chunks, parser_with_comments(start)) == expected
    assert outcome_of(chunks, parser_without_comments(start)) == expected.without_comments()


@MODERATE
@given(st.lists(st.binary(max_size=20)))
def test_any_bytes_parse_like_the_reference(chunks: list[bytes]) -> None:
    assert outcome_of(chunks, parser_with_comments()) == interpret(b"".join(chunks))


@MODERATE
@given(cut_streams(), st.integers(1, 60))
def test_chunking_never_changes_the_result(chunks: list[bytes], size: int) -> None:
    stream = b"".join(chunks)
    whole = outcome_of([stream], parser_without_comments())
    assert outcome_of(chunks, parser_without_comments()) == whole
    assert outcome_of(in_pieces(stream, size), parser_without_comments()) == whole
    assert outcome_of(byte_by_byte(stream), parser_without_comments()) == whole


@MODERATE
@given(cut_streams())
def test_each_chunk_returns_all_complete_events(chunks: list[bytes]) -> None:
    parser = parser_with_comments()
    items: list[Event | Comment] = []
    so_far = b""
    for chunk in chunks:
        items += parser.feed(chunk)
        so_far += chunk
        state = Outcome(items, parser.last_event_id, parser.retry, parser.pending)
        assert state == interpret(so_far)


@pytest.mark.parametrize("slower", SLOWER)
@MODERATE
@given(cut_streams(), unparsed_limits, st.booleans(), st.sampled_from(["message", "", "é"]))
def test_fast_ways_give_the_plain_result(
    slower: type[Parser[Event | Comment]],
    chunks: list[bytes],
    unparsed: int,
    comments: bool,
    default_type: str,
) -> None:
    with max_unparsed(unparsed):
        fast = outcome_of(chunks, Parser[Event | Comment](comments=comments, default_type=default_type))
        assert fast == outcome_of(chunks, slower(comments=comments, default_type=default_type))


@pytest.mark.parametrize("slower", SLOWER)
@MODERATE
@given(cut_streams(), limits, unparsed_limits, st.booleans())
def test_fast_ways_fail_at_the_same_limit(
    slower: type[Parser[Event | Comment]], chunks: list[bytes], limit: int, unparsed: int, comments: bool
) -> None:
    with max_unparsed(unparsed):
        fast = outcome_under_limit(chunks, Parser[Event | Comment](max_event_size=limit, comments=comments))
        assert fast == outcome_under_limit(chunks, slower(max_event_size=limit, comments=comments))


@MODERATE
@given(cut_streams(), unparsed_limits, st.integers(1, 60))
def test_unparsed_bytes_never_change_the_result(chunks: list[bytes], unparsed: int, size: int) -> None:
    stream = b"".join(chunks)
    expected = interpret(stream)
    with max_unparsed(unparsed):
        for cut in (chunks, in_pieces(stream, size), byte_by_byte(stream)):
            assert outcome_of(cut, parser_with_comments()) == expected
            assert outcome_of(cut, parser_without_comments()) == expected.without_comments()


@MODERATE
@given(cut_streams(), limits)
def test_chunking_never_changes_where_the_limit_applies(chunks: list[bytes], limit: int) -> None:
    stream = b"".join(chunks)
    for comments in (False, True):
        usable = before_too_large(stream, limit, comments=comments)
        expected = interpret(stream if usable is None else usable)
        if usable is not None:
            # A failed parser drops the unfinished event.
            expected.pending = 0
        if not comments:
            expected = expected.without_comments()
        error_limit = None if usable is None else limit
        for cut in (chunks, [stream], byte_by_byte(stream)):
            parser = parser_with_comments("", limit) if comments else parser_without_comments("", limit)
            assert outcome_under_limit(cut, parser) == (expected, error_limit)


@MODERATE
@given(cut_streams(), limits, st.booleans())
@example([b"data: datadata\xc0\x80\xed\xa0\x80id: 1\ndata: a\n\n"], 25, False)
def test_a_parser_keeps_no_more_than_the_limit(chunks: list[bytes], limit: int, comments: bool) -> None:
    for cut in (chunks, byte_by_byte(b"".join(chunks))):
        parser = Parser[Event | Comment](max_event_size=limit, comments=comments)
        for chunk in cut:
            try:
                parser.feed(chunk)
            except EventTooLarge:
                assert parser.pending == 0
                break
            finally:
                # Private: the public interface does not show how much is kept. `_unparsed` comes first,
                # because reading `pending` parses it.
                assert len(b"".join(parser._unparsed)) <= limit
                assert parser.pending <= limit + UNDECIDED_NAME
                line = len(b"".join(parser._line))
                values = parser._data if isinstance(parser._data, list) else [parser._data or ""]
                # An invalid byte becomes U+FFFD, which has three bytes, and is counted as the one it was.
                data = "".join(values).replace("\ufffd", "?").encode()
                event = len(data) + len(parser._event_id or "")
                # A returned comment belongs to no event, and has the limit alone.
                assert line + (0 if comments else event) <= limit + UNDECIDED_NAME


@PATIENT
@given(streams, streams, st.integers(1, 7))
def test_parsers_share_no_state(one: bytes, other: bytes, size: int) -> None:
    first, second = parser_with_comments(), parser_with_comments("7")
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
def test_reset_keeps_only_the_id_and_retry(connections: list[list[bytes]]) -> None:
    parser = parser_with_comments()
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
        parser = parser_with_comments()
        items: list[Event | Comment] = []
        for chunk in chunks:
            items += parser.feed(wrap(chunk))
        assert Outcome(items, parser.last_event_id, parser.retry, parser.pending) == expected


def test_a_huge_chunk_parses_like_small_ones() -> None:
    # Larger than the slices in which the parser takes a chunk, and with every offset, so that slices end
    # inside a CRLF, a blank line, a character of several bytes and a field name.
    block = "event: e\r\ndata: a€\r\n\r\ndata: b\n\n".encode()
    for offset in range(len(block)):
        stream = b"\n" * offset + block * 10_000
        whole = outcome_of([stream], parser_without_comments(max_event_size=1000))
        assert len(whole.items) == 20_000
        assert whole == outcome_of(in_pieces(stream, 1460), parser_without_comments())
