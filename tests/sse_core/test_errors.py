"""The exception tree, the attributes of each error, and what its message may show."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from typing import TYPE_CHECKING

import pytest

import sse_core
import sse_core._errors
from sse_core import (
    ConnectError,
    ContentEncodingError,
    ContentTypeError,
    Event,
    EventTooLarge,
    HTTPStatusError,
    IdleTimeout,
    IllegalState,
    IncompleteStream,
    InvalidArgument,
    ReadError,
    RedirectError,
    ResponseError,
    RetriesExhausted,
    SSEError,
    StreamError,
    TotalTimeout,
    TransportError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = "https://example.com/"
HEADERS = (
    ("Content-Type", "text/html"),
    ("X-A", "1"),
    ("x-a", "2"),
    ("Location", "x:y"),
    ("Content-Encoding", "zstd"),
)
RESPONSE_ERRORS: list[type[ResponseError]] = [
    ResponseError,
    HTTPStatusError,
    ContentTypeError,
    ContentEncodingError,
    RedirectError,
]
EXAMPLES: list[SSEError] = [
    SSEError("something"),
    UsageError("something"),
    InvalidArgument("url", "no host"),
    IllegalState("cannot end in state closed"),
    *(kind(404, HEADERS, b"none here", URL, 5.0) for kind in RESPONSE_ERRORS),
    StreamError("something"),
    EventTooLarge(100, (Event("a"), sse_core.Comment("b"))),
    IncompleteStream(5, "7", "data:"),
    TransportError("something"),
    ConnectError("no route to host"),
    ReadError("reset"),
    IdleTimeout(30.0),
    TotalTimeout(60.0),
    RetriesExhausted(3, 12.5),
]


def tree_in_docstring() -> dict[str, tuple[str | None, str | None]]:
    """Each class of the tree in the docstring: its parent there, and the builtin error that it also is."""
    found: dict[str, tuple[str | None, str | None]] = {}
    path: list[str] = []
    for line in (sse_core._errors.__doc__ or "").splitlines():
        match = re.match(r"    ([│├└─ ]*)(\w+)(?:  .*)?$", line)
        if match:
            depth = len(match[1]) // 4
            also = re.search(r"also an? (\w+)", line)
            path[depth:] = [match[2]]
            found[match[2]] = (path[depth - 1] if depth else None, also[1] if also else None)
    return found


def tree_of_classes() -> dict[str, tuple[str | None, str | None]]:
    """The same for the classes themselves."""
    found: dict[str, tuple[str | None, str | None]] = {}
    for name, kind in classes():
        bases = [base.__name__ for base in kind.__bases__]
        found[name] = (None if kind is SSEError else bases[0], bases[1] if len(bases) > 1 else None)
    return found


def classes() -> Iterator[tuple[str, type[SSEError]]]:
    for name, value in vars(sse_core._errors).items():
        if inspect.isclass(value) and issubclass(value, SSEError):
            yield name, value


def test_the_tree_in_the_docstring_is_right() -> None:
    assert tree_in_docstring() == tree_of_classes()
    assert len(tree_in_docstring()) > 15


def test_every_error_is_public() -> None:
    for name, kind in classes():
        assert getattr(sse_core, name) is kind
        assert name in sse_core.__all__


def test_every_error_has_an_example() -> None:
    assert {type(error) for error in EXAMPLES} == {kind for _, kind in classes()}


def test_usage_errors_are_builtin_errors_too() -> None:
    assert issubclass(InvalidArgument, ValueError)
    assert issubclass(IllegalState, RuntimeError)
    assert not issubclass(SSEError, (ValueError, RuntimeError, OSError))


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_survives_pickling_and_copying(error: SSEError) -> None:
    # Made from its `args` alone, as by pickle, it must have all its attributes.
    made_again = type(error)(*error.args)
    for again in (made_again, pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is type(error)
        assert (vars(again), again.args, str(again)) == (vars(error), error.args, str(error))


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_a_message_is_one_short_line(error: SSEError) -> None:
    assert 0 < len(str(error)) < 200
    assert "\n" not in str(error)


@pytest.mark.parametrize("kind", RESPONSE_ERRORS)
def test_a_response_error_has_the_whole_response(kind: type[ResponseError]) -> None:
    error = kind(404, HEADERS, b"none here", URL, 5.0)
    assert (error.status, error.headers.pairs, error.body, error.url) == (404, HEADERS, b"none here", URL)
    assert error.retry_after == 5.0
    bare = kind(500)
    assert (bare.status, bare.headers.pairs, bare.body, bare.url) == (500, (), b"", "")
    assert bare.retry_after is None


@pytest.mark.parametrize("kind", RESPONSE_ERRORS)
def test_a_response_error_finds_the_last_header_in_any_case(
    kind: type[ResponseError],
) -> None:
    error = kind(404, HEADERS)
    assert (error.header("x-A"), error.header("CONTENT-type"), error.header("X-B")) == (
        "2",
        "text/html",
        None,
    )


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (InvalidArgument("url", "no host"), "url: no host"),
        (IllegalState("cannot end in state closed"), "cannot end in state closed"),
        (ResponseError(418), "unusable response with status 418"),
        (HTTPStatusError(404, HEADERS, b"none"), "HTTP status 404 instead of 200: 'none'"),
        (HTTPStatusError(404), "HTTP status 404 instead of 200"),
        (ContentTypeError(200, HEADERS), "content type 'text/html' instead of text/event-stream"),
        (ContentTypeError(200), "content type missing instead of text/event-stream"),
        (ContentTypeError(200, (("Content-Type", ""),)), "content type '' instead of text/event-stream"),
        (ContentEncodingError(200, HEADERS), "the body's content encoding is not supported: 'zstd'"),
        (
            ContentEncodingError(200, (("Content-Encoding", "br"), ("Transfer-Encoding", "gzip, chunked"))),
            "the body's content encoding is not supported: 'br' and 'gzip, chunked'",
        ),
        (
            RedirectError(302, HEADERS),
            "cannot follow the redirect (302) to 'x:y': not to http or https",
        ),
        (
            RedirectError(302, (("Location", "http://a b/?key=secret"),)),
            "cannot follow the redirect (302) to 'http://a b/': not a valid URL",
        ),
        (
            RedirectError(
                302, (("Location", "/?key=secret"),), redirects=((302, "http://a/?key=secret"),) * 20
            ),
            (
                "too many redirects: 20 were followed, and not the next (302) to '/', after 302 from http://a/,"
                " 302 from http://a/, 302 from http://a/, 17 more redirects"
            ),
        ),
        (
            HTTPStatusError(405, (), b"no", "http://a/b", redirects=((301, "http://a/?b#c"),), method="POST"),
            "HTTP status 405 instead of 200, after 301 from http://a/ made the POST a GET: 'no'",
        ),
        (
            ContentTypeError(
                200,
                (),
                b"",
                "http://b:81/c?d",
                redirects=((307, "http://a/"),),
                withheld=frozenset({"Cookie"}),
            ),
            (
                "content type missing instead of text/event-stream, after 307 from http://a/;"
                " Cookie was not sent to http://b:81"
            ),
        ),
        (
            HTTPStatusError(
                401,
                url="http://b/",
                redirects=(*((307, f"http://a/{n}") for n in range(5)), (303, "http://a/5")),
                withheld=frozenset({"X-Api-Key", "Authorization"}),
                method="PUT",
            ),
            (
                "HTTP status 401 instead of 200, after 307 from http://a/0, 307 from http://a/1, 307 from http://a/2,"
                " 303 from http://a/5 made the PUT a GET, 2 more redirects;"
                " Authorization, X-Api-Key were not sent to http://b"
            ),
        ),
        (
            HTTPStatusError(429, retry_after=7200.0, max_retry_after=3600.0),
            (
                "HTTP status 429 instead of 200; it asks to wait 7200 seconds (Retry-After), more than"
                " max_retry_after (3600)"
            ),
        ),
        (HTTPStatusError(429, retry_after=7200.0), "HTTP status 429 instead of 200"),
        (RedirectError(302, (), b"moved"), "status 302 without a Location: 'moved'"),
        (EventTooLarge(100, (Event("a"),)), "an event is larger than max_event_size (100 bytes)"),
        (IncompleteStream(5, "7"), "the stream ended inside an event (5 bytes of it had arrived)"),
        (
            IncompleteStream(13, "", "data: the end\n"),
            r"the stream ended inside an event (13 bytes of it had arrived), which begins 'data: the end\n'",
        ),
        (IncompleteStream(0), "the stream ended before its end"),
        (IncompleteStream(0, until="[DONE]"), "the stream ended without '[DONE]' (until)"),
        (IncompleteStream(0, until=""), "the stream ended without the event that `until` accepts"),
        (
            IncompleteStream(5, until="[DONE]"),
            "the stream ended inside an event (5 bytes of it had arrived)",
        ),
        (ReadError("reset"), "reset"),
        (IdleTimeout(30.0), "nothing received for 30 seconds (idle_timeout)"),
        (IdleTimeout(0.5), "nothing received for 0.5 seconds (idle_timeout)"),
        (TotalTimeout(60.0), "not at its end within 60 seconds (total_timeout)"),
    ],
)
def test_a_message_is_built_from_the_attributes(error: SSEError, message: str) -> None:
    assert str(error) == message


def test_a_message_follows_changed_attributes() -> None:
    error = HTTPStatusError(404)
    error.status = 503
    error.body = b"busy"
    assert str(error) == "HTTP status 503 instead of 200: 'busy'"


def test_exhausted_retries_show_the_last_error() -> None:
    error = RetriesExhausted(3, 12.345)
    assert (error.attempts, error.elapsed) == (3, 12.345)
    assert str(error) == (
        "gave up after 3 attempts without an event in 12.3 seconds;"
        " the last: the server ended the stream without an event"
    )
    with_last = RetriesExhausted(3, 12.345, str(HTTPStatusError(503, (), b"a\nb")))
    assert str(with_last).endswith(r"; the last: HTTP status 503 instead of 200: 'a\nb'")
    # Also after pickling, which drops the cause itself.
    assert str(pickle.loads(pickle.dumps(with_last))) == str(with_last)


def test_a_network_error_is_escaped_and_shortened() -> None:
    message = str(ConnectError("\x1b[2J\r\nevil é " + "x" * 60_000))
    assert message.startswith(r"\x1b[2J\r\nevil é xxx")
    assert message.endswith("x (shortened)")
    assert len(message) < 300


def test_other_errors_keep_their_arguments() -> None:
    too_large = EventTooLarge(100, (Event("a"),))
    assert (too_large.limit, too_large.events) == (100, (Event("a"),))
    assert EventTooLarge(100).events == ()
    incomplete = IncompleteStream(5, "7")
    assert (incomplete.pending, incomplete.last_event_id) == (5, "7")
    assert (IncompleteStream(5).last_event_id, IncompleteStream(5).text) == ("", "")
    assert IdleTimeout(2.5).seconds == 2.5
    invalid = InvalidArgument("url", "no host")
    assert (invalid.name, invalid.reason) == ("url", "no host")


HOSTILE = "\r\n2030-01-01 INFO all is well\x1b[2J\u202e\u2028\x85\0é€\U0001f600"


def messages_quoting(text: str) -> list[str]:
    body = text.encode("utf-8", "replace")
    headers = tuple((name, text) for name in ("Content-Type", "Content-Encoding", "Location"))
    responses = [str(kind(200, headers, body, text)) for kind in RESPONSE_ERRORS]
    return [*responses, str(IncompleteStream(5, text, text))]


def test_a_message_escapes_line_ends_and_terminal_codes() -> None:
    for message in messages_quoting(HOSTILE):
        assert len(message.splitlines()) == 1
        assert message.isprintable()
        assert r"\r\n2030-01-01 INFO all is well\x1b[2J" in message
        assert "é€\U0001f600" in message


@pytest.mark.parametrize("character", ["x", "\0", "\n", "€", "'"])
def test_a_message_marks_shortened_text(character: str) -> None:
    for message in messages_quoting(character * 2**20):
        assert "(shortened)" in message
        assert len(message) < 2000
    for message in messages_quoting(character * 200):
        assert "(shortened)" not in message
        assert repr(character * 200) in message
    for message in messages_quoting(character * 201):
        assert "(shortened)" in message


def test_a_body_with_invalid_utf_8_is_shown_with_replacements() -> None:
    assert str(HTTPStatusError(500, (), b"a\xffb")) == "HTTP status 500 instead of 200: 'a\ufffdb'"
