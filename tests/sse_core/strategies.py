"""Streams for Hypothesis: bytes that like to be fields, and cuts that like to be in bad places."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.sse_core.feeding import after_blank_lines, byte_by_byte, cut_at
from tests.sse_core.stream_parts import EVENTS, FIELDS, LINE_ENDS, NOT_TEXT, OTHERS

# A shared machine may stop anybody for a second: no deadline, and no complaint that drawing is slow.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Parsing is cheap: more examples than the profile asks for, and few where that asks for few.
MODERATE = settings(PATIENT, max_examples=3 * settings().max_examples)

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
    return draw(st.one_of(cut_anywhere, st.just(byte_by_byte(stream)), st.just(after_blank_lines(stream))))
