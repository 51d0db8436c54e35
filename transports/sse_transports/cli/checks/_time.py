"""What time tells: heartbeats, silences, ends."""

from __future__ import annotations

from itertools import pairwise

from ._observation import Ending, Observation
from ._rule import Rule, Seen, doubtful, good, not_seen, note, seconds, wrong

GROUP = "time"

QUIET = 20.0
"""Seconds of silence that make a cut likely: the standard's advice is a comment every 15."""
CUT = 55.0
"""Seconds of silence after which proxies cut: Heroku after 55, nginx and AWS after 60."""
BRIEF = 5.0
"""Seconds; a stream that ends sooner, again and again, is polling."""


def _heartbeat(seen: Observation) -> Seen:
    stream = seen.first.stream
    longest = max((each.seconds for each in stream.silences), default=0.0)
    if longest >= CUT:
        return wrong(f"silence of {seconds(longest)}, in which proxies cut the connection")
    if longest >= QUIET:
        return doubtful(f"silence of {seconds(longest)}")
    gaps = sorted(later.at - sooner.at for sooner, later in pairwise(stream.comments))
    if gaps and gaps[len(gaps) // 2] > 0.005:
        return good(f"a comment every {seconds(gaps[len(gaps) // 2])}; no silence over {seconds(longest)}")
    if seen.first.ending is not Ending.LEFT:
        return not_seen(f"no silence over {seconds(longest)} before the end")
    return not_seen(
        f"no silence over {seconds(longest)}, which needs no heartbeat; watch a quiet stream with --for 60"
    )


def _end(seen: Observation) -> Seen | None:
    first = seen.first
    if first.ending is Ending.BROKEN:
        reason = f": {first.error}" if first.error is not None else ""
        return wrong(f"the connection broke after {seconds(first.ended_at)}{reason}")
    if first.ending is Ending.ENDED:
        told = f"the server ended it after {seconds(first.ended_at)}; clients come back"
        return note(f"{told}, which is polling if it is so each time" if first.ended_at < BRIEF else told)
    return None


RULES = (
    Rule(
        "heartbeat",
        GROUP,
        "A comment every 15 s where there is nothing to say.",
        "WHATWG HTML 9.2.7; practice: proxies cut after 60 s of silence",
        "Write a comment (':\\n\\n') every 15 s.",
        _heartbeat,
    ),
    Rule(
        "end",
        GROUP,
        "A stream ends properly, with the last chunk.",
        "RFC 9112, 7.1 and 8",
        "Let the handler return, so that the server sends the last chunk; look at its log for what broke it.",
        _end,
    ),
)
