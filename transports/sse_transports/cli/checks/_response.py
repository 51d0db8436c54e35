"""Rules about the response as a whole: status, content type, redirects, HTTP version."""

from __future__ import annotations

from itertools import pairwise

from sse_core import Response

from .._advice import advice_for_status
from .._units import seconds_text
from ._observation import Ending, Observation
from ._rule import Needs, Result, Rule, failed, info, passed, quoted, warning

GROUP = "response"
PERMANENT_REDIRECTS = {301, 308}

SLOW_HEADERS = 3.0
"""Seconds after which missing response headers count as withheld, not late."""


def _headers_received(observed: Observation) -> Result | None:
    first = observed.first
    if first.ending is not Ending.NO_RESPONSE:
        return None
    evidence = f"connected, but no response headers within {seconds_text(first.ended_at)}"
    if first.ended_at >= SLOW_HEADERS:
        return failed(evidence)
    return warning(f"{evidence}; wait longer with --for")


def _status(observed: Observation) -> Result:
    first = observed.first
    status = first.status
    if status == 200:
        return passed("200")
    if status == 204:
        return warning(
            "204: clients stop here and do not reconnect",
            "This is right if there is nothing more to send; otherwise answer 200 and keep the stream open.",
        )
    if 300 <= status < 400:
        location = first.header("Location")
        where = "without a Location" if location is None else f"to {quoted(location)}"
        return failed(f"{status} {where}: cannot be followed", "Redirect to an http or https URL, once.")
    wait = first.header("Retry-After")
    retry_after = "" if wait is None else f", Retry-After: {wait}"
    hint = advice_for_status(status, first.header("Allow"))
    return failed(
        f"{status}{retry_after}{_body_start(observed)}: a browser fails and does not reconnect",
        f"{hint[:1].upper()}{hint[1:]}." if hint else None,
    )


def _content_type(observed: Observation) -> Result | None:
    if observed.first.status != 200:
        return None
    value = observed.first.header("Content-Type")
    if observed.first.is_stream:
        return passed("text/event-stream")
    return failed(f"{'no Content-Type' if value is None else quoted(value)}{_body_start(observed)}")


def _body_start(observed: Observation) -> str:
    body_start = observed.first.body_start
    return f", {quoted(body_start)}" if body_start else ""


def _charset(observed: Observation) -> Result | None:
    for parameter in (observed.first.header("Content-Type") or "").split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "charset":
            charset = value.strip('"').lower()
            return passed("utf-8") if charset == "utf-8" else failed(f"charset={quoted(value)}")
    return None


def _redirects(observed: Observation) -> Result | None:
    hops = observed.first.hops
    redirects = hops[:-1]
    if not redirects:
        return None
    statuses = ", ".join(str(hop.response.status) for hop in redirects)
    origins = [_origin(hop.request.url) for hop in hops]
    path = f"{statuses} to {quoted(hops[-1].request.url.partition('?')[0])}"
    if any(a.startswith("https:") and b.startswith("http:") for a, b in pairwise(origins)):
        return failed(f"{path}: from https to http", "Redirect to https only.")
    if observed.method == "POST" and hops[-1].request.method == "GET":
        return failed(f"{path}: the POST became a GET without a body", "Redirect a POST with 307 or 308.")
    if len(set(origins)) > 1:
        return warning(
            f"{path}: another origin, which does not get Authorization, Cookie or Last-Event-ID",
            "Give clients the final URL, or answer at the first one.",
        )
    if len(redirects) > 1:
        return warning(f"{path}: each reconnect follows them all again", "Redirect once, to the final URL.")
    if redirects[0].response.status in PERMANENT_REDIRECTS:
        return info(f"{path}: clients do not remember it; each reconnect requests the first URL again")
    return info(path)


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])


def _version(observed: Observation) -> Result:
    version = observed.first.version
    if version < 11:
        return warning(
            f"HTTP/{version / 10:.1f}: without chunked encoding, a dropped connection looks like an end"
        )
    return passed(f"HTTP/{version / 10:.1f}")


def _accept(observed: Observation) -> Result | None:
    reading = observed.any_type
    if reading is None or reading.response is None:
        return None
    if reading.is_stream:
        return passed("text/event-stream for 'Accept: */*' too")
    vary = (observed.first.header("Vary") or "").lower()
    other = _status_and_type(reading.response)
    if "accept" in [name.strip() for name in vary.split(",")] or vary.strip() == "*":
        return info(f"{other} for 'Accept: */*', announced by Vary")
    return warning(f"{other} for 'Accept: */*', without 'Vary: Accept'")


def _status_and_type(response: Response) -> str:
    content_type = response.header("Content-Type")
    return f"{response.status}" if content_type is None else f"{response.status} with {quoted(content_type)}"


RULES = (
    Rule(
        "response-headers",
        GROUP,
        "The response headers are sent at once, before the first event.",
        "practice: a proxy that buffers, or a framework that sends headers with the first body bytes",
        "Flush the headers when the request arrives, followed by a comment; send 'X-Accel-Buffering: no', "
        "or set 'proxy_buffering off;' in nginx.",
        _headers_received,
        Needs.NOTHING,
    ),
    Rule(
        "status",
        GROUP,
        "200; or 204 if clients should stop reconnecting.",
        "WHATWG HTML 9.2.3",
        "Answer 200, or 204 if there is nothing more to send.",
        _status,
        Needs.RESPONSE,
    ),
    Rule(
        "content-type",
        GROUP,
        "text/event-stream.",
        "WHATWG HTML 9.2.3",
        "Send 'Content-Type: text/event-stream'.",
        _content_type,
        Needs.RESPONSE,
    ),
    Rule(
        "charset",
        GROUP,
        "No charset, or utf-8: clients always decode as UTF-8.",
        "WHATWG HTML 9.2.5, and the registration of text/event-stream",
        "Remove the parameter and send UTF-8.",
        _charset,
    ),
    Rule(
        "redirects",
        GROUP,
        "None: each reconnect would follow them again.",
        "RFC 9110, 15.4; WHATWG HTML 9.2.3",
        "Answer at the URL that clients are given.",
        _redirects,
        Needs.RESPONSE,
    ),
    Rule(
        "http-version",
        GROUP,
        "HTTP/1.1 or later.",
        "RFC 9112, 6.1 and 8",
        "Answer with HTTP/1.1; in nginx, 'proxy_http_version 1.1;'.",
        _version,
        Needs.RESPONSE,
    ),
    Rule(
        "accept",
        GROUP,
        "A stream for 'Accept: */*' too, or 'Vary: Accept'.",
        "RFC 9110, 12.5.5",
        "Send 'Vary: Accept' with both responses.",
        _accept,
    ),
)
