"""Streams for Hypothesis: bytes that like to be fields, and cuts that like to be in bad places."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.sse_core.feeding import byte_by_byte, cut_at

# A shared machine may stop anybody for a second: no deadline, and no complaint that drawing is slow.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Parsing is cheap: more examples than the profile asks for, and few where that asks for few.
MODERATE = settings(PATIENT, max_examples=3 * settings().max_examples)

FIELDS = (
    b"data", b"event", b"id", b"retry", b":", b": ", b" ",
    b"data: ", b"data:", b"event: ", b"id: ", b"retry: ",
    b"data: a\n", b"data: b\n\n", b"event: c\ndata: d\n\n", b"id: 1\n", b"retry: 20\n",
)  # fmt: skip
LINE_ENDS = (b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r", b"\r\r\n")
OTHERS = (
    b"x", b"7", b"0", b"\t", b"\0", b": hello\n", b"foo: bar\n", b"dat", b"datax", b"Data: a\n", b"-5",
    b"id\n", b"\v", b"\f", "\x85".encode(), "\u2028".encode(), "²".encode(), "€".encode(), "😀".encode(),
)  # fmt: skip
NOT_TEXT = (
    b"\xef\xbb\xbf", b"\xef", b"\xbb", b"\xbf", b"\xff", b"\xe2\x82", b"\xf0\x9f", b"\xc0\x80",
    b"\xed\xa0\x80",
)  # fmt: skip
EVENTS = (
    b"id: 1\ndata: a\n\n", b"id: 2\ndata: b\n\n", b"id: \0\ndata: c\n\n", b"id: \ndata: d\n\n",
    b"event: e\nid: 3\ndata: a\n\n", b"id: 4\nevent: e\ndata: a\n\n",
    b"id: 5\nevent: e\ndata: a\ndata: b\n\n",
    b"data: a\r\n\r\n", b"data: b\r\n\r\n", b"event: e\r\ndata: a\r\n\r\n", b"id: 6\r\ndata: a\r\n\r\n",
    b"data:a\n\n", b"data:b\n\n", b"data\n\n", b"event:e\ndata:a\n\n", b"id:7\ndata:a\n\n",
    b": ping\n\n", b":\n\n", b": ping\r\n\r\n", b"data: a\n\n: ping\n\n", b"retry: 1\ndata: a\n\n",
    b"data: a\n\n", b"data: b\n\n", b"data: \xe2\x82\xac\n\n", b"data: \n\n", b"event: e\ndata: c\n\n",
    b"event: \xff\ndata: \n\n", b"id: 1\ndata: d\n\n", b"data: a\ndata: b\n\n",
)  # fmt: skip

pieces = st.one_of(
    st.sampled_from(FIELDS),
    st.sampled_from(LINE_ENDS),
    st.sampled_from(OTHERS),
    st.sampled_from(NOT_TEXT),
    st.binary(min_size=1, max_size=3),
)
# Mostly whole events of the shapes that a parser has short cuts for, now and then something odd.
mostly_events = st.integers(0, 7).flatmap(lambda odd: pieces if odd == 7 else st.sampled_from(EVENTS))


def _many(parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    # Lists of lists, because Hypothesis makes a list of five on average and a stream needs more.
    few = st.lists(parts, min_size=2, max_size=12).map(b"".join)
    return st.lists(few, max_size=8).map(b"".join)


streams = st.one_of(_many(pieces), _many(mostly_events), _many(st.one_of(pieces, mostly_events)))


@st.composite
def cut_streams(draw: st.DrawFn) -> list[bytes]:
    """A stream in chunks: cut anywhere, byte by byte, or one event per chunk."""
    stream = draw(streams)
    places = st.integers(min_value=0, max_value=len(stream))
    cut_anywhere = st.lists(places, max_size=12).map(lambda chosen: cut_at(stream, chosen))
    return draw(st.one_of(cut_anywhere, st.just(byte_by_byte(stream)), st.just(_after_blank_lines(stream))))


def _after_blank_lines(stream: bytes) -> list[bytes]:
    return re.split(b"(?<=\n\n)|(?<=\r\n\r\n)", stream)
