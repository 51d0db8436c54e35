"""The answer itself: status, type, redirects, protocol."""

from __future__ import annotations

from itertools import pairwise

from sse_core import Response

from ._observation import Ending, Observation
from ._rule import Needs, Rule, Seen, doubtful, good, note, quoted, seconds, wrong

GROUP = "answer"
PERMANENT = {301, 308}

PATIENCE = 3.0
"""Seconds after which a head is not late, but held back."""


def _head(seen: Observation) -> Seen | None:
    first = seen.first
    if first.ending is not Ending.UNANSWERED:
        return None
    told = f"the connection was accepted, and no head came within {seconds(first.ended_at)}"
    return wrong(told) if first.ended_at >= PATIENCE else doubtful(f"{told}; wait longer with --for")


def _status(seen: Observation) -> Seen:
    status = seen.first.status
    if status == 200:
        return good("200")
    if status == 204:
        return doubtful(
            "204: clients end here, and do not come again",
            "Right where there is nothing more to tell; else answer 200 and keep the stream open.",
        )
    if 300 <= status < 400:
        location = seen.first.header("Location")
        where = "without a Location" if location is None else f"to {quoted(location)}"
        return wrong(f"{status} {where}, which leads nowhere", "Redirect to a URL of http or https, once.")
    wait = seen.first.header("Retry-After")
    told = "" if wait is None else f", Retry-After: {wait}"
    said = f", {quoted(seen.first.said)}" if seen.first.said else ""
    return wrong(f"{status}{told}{said}: a browser fails for good at this, and does not come again")


def _content_type(seen: Observation) -> Seen | None:
    if seen.first.status != 200:
        return None
    value = seen.first.header("Content-Type")
    if seen.first.is_stream:
        return good("text/event-stream")
    said = f", {quoted(seen.first.said)}" if seen.first.said else ""
    return wrong(f"{'no Content-Type' if value is None else quoted(value)}{said}")


def _charset(seen: Observation) -> Seen | None:
    for parameter in (seen.first.header("Content-Type") or "").split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "charset":
            charset = value.strip('"').lower()
            return good("utf-8") if charset == "utf-8" else wrong(f"charset={quoted(value)}")
    return None


def _redirects(seen: Observation) -> Seen | None:
    hops = seen.first.hops
    redirects = hops[:-1]
    if not redirects:
        return None
    statuses = ", ".join(str(hop.response.status) for hop in redirects)
    origins = [_origin(hop.request.url) for hop in hops]
    told = f"{statuses} to {quoted(hops[-1].request.url.partition('?')[0])}"
    if any(a.startswith("https:") and b.startswith("http:") for a, b in pairwise(origins)):
        return wrong(f"{told}: from https to http", "Redirect to https only.")
    if seen.method == "POST" and hops[-1].request.method == "GET":
        return wrong(f"{told}: the POST became a GET, without its body", "Redirect a POST with 307 or 308.")
    if len(set(origins)) > 1:
        return doubtful(
            f"{told}: another origin, which does not get Authorization, Cookie or Last-Event-ID",
            "Give clients the last URL, or answer at the first.",
        )
    if len(redirects) > 1:
        return doubtful(f"{told}: so many with each reconnect", "Redirect once, to the last URL.")
    if redirects[0].response.status in PERMANENT:
        return note(f"{told}: permanent ones are not remembered; each reconnect asks the first URL again")
    return note(told)


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])


def _version(seen: Observation) -> Seen:
    version = seen.first.version
    if version < 11:
        return doubtful(f"HTTP/{version / 10:.1f}: without chunks, a cut looks like an end")
    return good(f"HTTP/{version / 10:.1f}")


def _accept(seen: Observation) -> Seen | None:
    reading = seen.any_type
    if reading is None or reading.answer is None:
        return None
    if reading.is_stream:
        return good("text/event-stream to 'Accept: */*' too")
    vary = (seen.first.header("Vary") or "").lower()
    other = _shown(reading.answer)
    if "accept" in [name.strip() for name in vary.split(",")] or vary.strip() == "*":
        return note(f"{other} to 'Accept: */*', and Vary says so")
    return doubtful(f"{other} to 'Accept: */*', and no 'Vary: Accept'")


def _shown(response: Response) -> str:
    kind = response.header("Content-Type")
    return f"{response.status}" if kind is None else f"{response.status} with {quoted(kind)}"


RULES = (
    Rule(
        "head",
        GROUP,
        "The head comes at once, before the first event.",
        "practice: a proxy that buffers, or a framework that writes the head with the body's first bytes",
        "Flush the head when the request comes, and write a comment behind it; send 'X-Accel-Buffering: no', "
        "or set 'proxy_buffering off;' where nginx is in front.",
        _head,
        Needs.NOTHING,
    ),
    Rule(
        "status",
        GROUP,
        "200; or 204, where clients are not to come again.",
        "WHATWG HTML 9.2.3",
        "Answer 200, or 204 where there is nothing more to tell.",
        _status,
        Needs.ANSWER,
    ),
    Rule(
        "content-type",
        GROUP,
        "text/event-stream.",
        "WHATWG HTML 9.2.3",
        "Send 'Content-Type: text/event-stream'.",
        _content_type,
        Needs.ANSWER,
    ),
    Rule(
        "charset",
        GROUP,
        "No charset, or utf-8: nothing else is ever used.",
        "WHATWG HTML 9.2.5, and the registration of text/event-stream",
        "Leave the parameter out, and send UTF-8.",
        _charset,
    ),
    Rule(
        "redirects",
        GROUP,
        "None; each reconnect would take them again.",
        "RFC 9110, 15.4; WHATWG HTML 9.2.3",
        "Answer at the URL that clients are given.",
        _redirects,
        Needs.ANSWER,
    ),
    Rule(
        "http-version",
        GROUP,
        "HTTP/1.1 or later.",
        "RFC 9112, 6.1 and 8",
        "Answer with HTTP/1.1; in nginx, 'proxy_http_version 1.1;'.",
        _version,
        Needs.ANSWER,
    ),
    Rule(
        "accept",
        GROUP,
        "A stream to whoever asks for anything, or 'Vary: Accept'.",
        "RFC 9110, 12.5.5",
        "Send 'Vary: Accept' with both answers.",
        _accept,
    ),
)
