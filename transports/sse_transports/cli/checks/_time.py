"""Rules about time: heartbeats, silences, and how the stream ends."""

from __future__ import annotations

from itertools import pairwise

from .._units import seconds_text
from ._observation import Ending, Observation
from ._rule import Result, Rule, failed, info, passed, skipped, warning

GROUP = "time"

QUIET = 20.0
"""Seconds of silence after which a proxy may drop the connection: the standard advises a comment every 15."""
PROXY_TIMEOUT = 55.0
"""Seconds of silence after which proxies drop connections: Heroku after 55, nginx and AWS after 60."""
SHORT_STREAM = 5.0
"""Seconds; a stream that always ends sooner is polling."""


def _heartbeat(observed: Observation) -> Result:
    stream = observed.first.stream
    longest = max((each.seconds for each in stream.silences), default=0.0)
    if longest >= PROXY_TIMEOUT:
        return failed(f"silence of {seconds_text(longest)}: proxies drop the connection meanwhile")
    if longest >= QUIET:
        return warning(f"silence of {seconds_text(longest)}")
    intervals = sorted(later.at - sooner.at for sooner, later in pairwise(stream.comments))
    median = intervals[len(intervals) // 2] if intervals else 0.0
    no_silence = f"no silence over {seconds_text(longest)}"
    if median > 0.005:
        return passed(f"a comment every {seconds_text(median)}; {no_silence}")
    if observed.first.ending is not Ending.STOPPED:
        return skipped(f"{no_silence} before the end")
    return skipped(f"{no_silence}, so no heartbeat is needed; watch a quiet stream with --for 60")


def _end(observed: Observation) -> Result | None:
    first = observed.first
    if first.ending is Ending.DROPPED:
        reason = f": {first.error}" if first.error is not None else ""
        return failed(f"the connection was dropped after {seconds_text(first.ended_at)}{reason}")
    if first.ending is Ending.ENDED:
        evidence = f"the server ended the stream after {seconds_text(first.ended_at)}; clients reconnect"
        return info(
            f"{evidence}, which is polling if it always does" if first.ended_at < SHORT_STREAM else evidence
        )
    return None


RULES = (
    Rule(
        "heartbeat",
        GROUP,
        "A comment every 15 s while there is nothing to send.",
        "WHATWG HTML 9.2.7; practice: proxies drop connections after 60 s of silence",
        "Write a comment (':\\n\\n') every 15 s.",
        _heartbeat,
    ),
    Rule(
        "end",
        GROUP,
        "The stream ends cleanly, with the last chunk.",
        "RFC 9112, 7.1 and 8",
        "Let the handler return, so that the server sends the last chunk; its log may show what failed.",
        _end,
    ),
)
