"""Whatever a server does, no rule fails with an error, and there is a report."""

from __future__ import annotations

import json
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from sse_transports.cli.checks._observation import Ending, Observation, Reading
from sse_transports.cli.checks._report import as_json, as_text, count
from sse_transports.cli.checks._rule import Verdict, apply
from sse_transports.cli.checks._rules import RULES
from tests.cli.checks.samples import URL, reading
from tests.sse_core.strategies import PATIENT

FRAGMENTS = st.sampled_from(
    [
        *(b"data: a", b"data", b"data: {", b"{", b"event: e", b"time: 1"),
        *(b"id: 1", b"id: 22", b"id: \xff", b"id: \0", b"retry: 1", b"retry: x"),
        *(b": c", b": 2026-99-99 99:99:99", b"\xef\xbb\xbf", b"\xef\xbf\xbd", b"\xe2"),
        *(b"\n", b"\r", b"\n\n", b"\n\n", b"\r\n\r\n"),
    ]
)
CHUNKS = st.lists(FRAGMENTS, min_size=1, max_size=6).map(b"".join)
INTERVALS = st.sampled_from([0.0, 0.01, 0.3, 1.5, 20.0, 60.0])
FIELDS = st.dictionaries(
    st.sampled_from(["cache-control", "age", "content-length", "content-encoding", "vary", "content-type"]),
    st.sampled_from(["", "no-store", "max-age=x", "text/event-stream;;charset", "gzip", "*", ",", "9" * 30]),
    max_size=3,
)


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    chunks = draw(st.lists(st.tuples(INTERVALS, CHUNKS), max_size=6))
    times = accumulate(interval for interval, _ in chunks)
    return reading(
        list(zip(times, (data for _, data in chunks), strict=True)),
        status=draw(st.sampled_from([200, 200, 200, 204, 302, 404, 500])),
        last_event_id=draw(st.sampled_from(["", "1"])),
        headers_at=draw(st.sampled_from([0.0, 2.0, None])),
        ending=draw(st.sampled_from(list(Ending))),
        headers=draw(FIELDS),
    )


@PATIENT
@given(readings(), st.tuples(*[readings()] * 5), st.sampled_from(["GET", "POST"]))
def test_rules_and_reports_handle_any_server(
    first: Reading, others: tuple[Reading, ...], method: str
) -> None:
    resumed, resumed_earlier, unknown_id, compressed, any_type = others
    observed = Observation(URL, method, first=first, resumed=resumed, unknown_id=unknown_id)
    observed.compressed, observed.any_type = compressed, any_type
    ids = [block.own_id for block in first.stream.event_blocks if block.own_id]
    if ids:
        resumed_earlier.last_event_id = ids[0]
        observed.resumed_earlier = resumed_earlier
    findings = apply(RULES, observed)
    assert as_text(observed, findings).count("\n") > len(findings)
    assert json.loads(as_json(observed, findings))["fail"] == count(findings, Verdict.FAIL)
