# ruff: noqa: E501  # names of scenarios
"""What fails until the fixes of other branches are merged. Both tables must be empty then."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sse_transports.testing import NonConforming
from sse_transports.testing._rules import RULES as ALL_RULES

KEEP_ALIVE = "connections have TCP keep-alive, and its first probe after a minute at most"
ADDRESSES = "if the first address of a host never answers, the next one is used soon"
TWICE = "a body in gzip twice that expands to 1 GiB is refused or decoded in small parts, and closed at once"
BYTES_AFTER_204 = "bytes after a 204 are ignored"

RULES: Mapping[str, set[str]] = {
    "urllib": {
        KEEP_ALIVE,
        ADDRESSES,
        "a body that ends inside the size of a chunk is ReadError",
        "a chunk whose size is not hex digits is an error",
        "a chunk that does not end in CRLF is an error",
        "a Content-Length that is not one number of digits is an error",
    },
    "httpx2": {KEEP_ALIVE, ADDRESSES},
    "aiohttp": {KEEP_ALIVE, BYTES_AFTER_204},
    "httpx2 on asyncio": {KEEP_ALIVE, TWICE},
    "httpx2 on trio": {KEEP_ALIVE, TWICE},
    "a caller's AsyncClient": {TWICE},
}
"""Name of a transport to the rules of `check_transport` that it breaks."""


EVERY_CLIENT = {"urllib", "httpx2", "aiohttp on asyncio", "httpx2 on asyncio", "httpx2 on trio"}

SCENARIOS: Mapping[str, set[str]] = {
    **dict.fromkeys(
        (
            "507 is retried",
            "520 is retried",
            "521 is retried",
            "522 is retried",
            "523 is retried",
            "524 is retried",
            "525 is retried",
            "526 is retried",
            "527 is retried",
            "528 is retried",
            "529 is retried",
            "530 is retried",
            "599 is retried",
            "POST: a clean end inside an event is an incomplete stream that quotes its text",
            "POST: the `until` event is the end without its blank line too",
            "PROPFIND is sent again like GET",
            "QUERY is sent again like GET",
            "REPORT is sent again like GET",
            "Retry-After as a date in an hour is respected",
            "Retry-After as a date in two hours is not waited for: the error names the limit",
            "Retry-After as a near date goes beyond a short max_delay",
            "Retry-After beyond max_delay is respected",
            "Retry-After of 5,000 digits is not waited for: the error names the limit",
            "Retry-After of an hour is respected",
            "Retry-After of centuries is not waited for: the error names the limit",
            "Retry-After of more than an hour is not waited for: the error names the limit",
            "SEARCH is sent again like GET",
            "a redirect loop is an error",
            "a redirect to another origin drops headers with the usual names of keys",
            "a wrong content type names the redirect that led to it",
            "an ID that cannot be sent does not stop a feed",
            "an error names the headers that a redirect to another origin dropped",
            "an error names the redirect that made a POST a GET",
            "at a clean end, the `until` event counts as b'data: [DONE]'",
            "at a clean end, the `until` event counts as b'data: [DONE]\\n'",
            "at a clean end, the `until` event counts as b'data:[DONE]\\r\\n'",
            "at a clean end, the `until` event counts as b'event: x\\rdata: [DONE]\\r'",
            "streams that always end inside the same event count as without progress",
            "the ID with a control character '5\\x01' is not sent",
            "the ID with a control character '5\\x0b' is not sent",
            "the ID with a control character '5\\x1f6' is not sent",
            "the ID with a control character '5\\x7f' is not sent",
            "the ID with a control character '\\x01' is not sent",
            "the ID with a control character '\\x1b[2J' is not sent",
            "the blank ID ' ' is not sent",
            "the blank ID '\\t \\t' is not sent",
        ),
        EVERY_CLIENT,
    ),
    "204 ends it for good, also with bytes after it with a length": {"aiohttp on asyncio"},
    "204 ends it for good, also with bytes after it without a length": {"aiohttp on asyncio"},
    "POST: a body truncated inside a chunk size, after '0' is an incomplete stream": {"urllib"},
    "POST: a body truncated inside a chunk size, after '000' is an incomplete stream": {"urllib"},
    "POST: a body truncated inside a chunk size, after '00\\r' is an incomplete stream": {"urllib"},
    "POST: a body with a chunk of size ' 9' is an incomplete stream": {"urllib"},
    "POST: a body with a chunk of size '+9' is an incomplete stream": {"urllib"},
    "POST: a body with a chunk of size '0x9' is an incomplete stream": {"urllib"},
    "POST: a body with a chunk that does not end in CRLF is an incomplete stream": {"urllib"},
    "a Content-Length of '+14' is no valid response": {"urllib"},
    "a Content-Length of '-1' is no valid response": {"urllib"},
    "a Content-Length of '0xe' is no valid response": {"urllib"},
    "a Content-Length of '14, 15' is no valid response": {"urllib"},
    "a Content-Length of '14\\r\\nContent-Length: 15' is no valid response": {"urllib"},
    "a Content-Length of '1_4' is no valid response": {"urllib"},
    "a body in 'gzip, gzip' is a final error": {"httpx2", "httpx2 on asyncio", "httpx2 on trio"},
    "a body truncated inside a chunk size, after '0' is a lost connection: GET reconnects, a partial event is dropped": {
        "urllib"
    },
    "a body truncated inside a chunk size, after '000' is a lost connection: GET reconnects, a partial event is dropped": {
        "urllib"
    },
    "a body truncated inside a chunk size, after '00\\r' is a lost connection: GET reconnects, a partial event is dropped": {
        "urllib"
    },
    "the ID with blanks ' 5 \\t' is sent without them": {"httpx2", "httpx2 on asyncio", "httpx2 on trio"},
    "the ID with blanks '5 ' is sent without them": {"httpx2", "httpx2 on asyncio", "httpx2 on trio"},
    "the ID with blanks '\\t5' is sent without them": {"httpx2", "httpx2 on asyncio", "httpx2 on trio"},
    "the caller's ID is sent without blanks at its ends": {"httpx2", "httpx2 on asyncio", "httpx2 on trio"},
}
"""Name of a scenario to the clients that do not pass it. These pairs are not run: some take ten seconds."""


def expect_failures(name: str, check: Callable[[], list[str]]) -> None:
    """Expect that a transport keeps all rules but those of the table."""
    broken: set[str] = set()
    try:
        assert check() == [rule.name for rule in ALL_RULES]
    except NonConforming as error:
        broken.update(error.failures)
    assert broken == RULES.get(name, set())
