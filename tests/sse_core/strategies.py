"""Hypothesis strategies: streams that have mostly fields in them, and streams in chunks."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.sse_core.feeding import after_blank_lines, byte_by_byte, cut_at
from tests.sse_core.stream_parts import EVENTS, FIELDS, LINE_ENDS, NOT_TEXT, OTHERS

# No deadline and no check for slow drawing: a busy machine may pause a test for a second.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
# Parsing is fast, so try three times the examples of the profile.
MODERATE = settings(PATIENT, max_examples=3 * settings().max_examples)

pieces = st.one_of(
    st.sampled_from(FIELDS),
    st.sampled_from(LINE_ENDS),
    st.sampled_from(OTHERS),
    st.sampled_from(NOT_TEXT),
    st.binary(min_size=1, max_size=3),
)
# Seven of eight are whole events of the shapes that the parser has fast ways for.
mostly_events = st.integers(0, 7).flatmap(lambda number: pieces if number == 7 else st.sampled_from(EVENTS))


def _many(parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    # Lists of lists, because the lists that Hypothesis makes have five items on average, too few for a
    # stream.
    few = st.lists(parts, min_size=2, max_size=12).map(b"".join)
    return st.lists(few, max_size=8).map(b"".join)


streams = st.one_of(_many(pieces), _many(mostly_events), _many(st.one_of(pieces, mostly_events)))


@st.composite
def cut_streams(draw: st.DrawFn) -> list[bytes]:
    """Return a stream in chunks: cut anywhere, byte by byte, or after each event."""
    stream = draw(streams)
    offsets = st.integers(min_value=0, max_value=len(stream))
    cut_anywhere = st.lists(offsets, max_size=12).map(lambda chosen: cut_at(stream, chosen))
    return draw(st.one_of(cut_anywhere, st.just(byte_by_byte(stream)), st.just(after_blank_lines(stream))))
