"""Redirects: the request that follows, and headers that another origin must not get."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import (
    Connect,
    ConnectError,
    Connection,
    ContentEncodingError,
    ReadBody,
    RedirectError,
    Request,
    Response,
    ResponseError,
)
from tests.sse_core.driving import STREAM, URL, answer, connected, refused, stopped

SECRETS = {
    "Authorization": "Bearer t",
    "cookie": "c=1",
    "PROXY-Authorization": "Basic p",
    "Last-Event-Id": "7",
    "x-api-KEY": "k",
}
KEYS = [
    *("X-Api-Key", "Api-Key", "ApiKey", "X-Auth-Token", "X-Access-Token", "X-Goog-Api-Key"),
    *("X-Amz-Security-Token", "Ocp-Apim-Subscription-Key", "Private-Token"),
]
HARMLESS = {"Accept", "Cache-Control", "X-Trace"}


def redirected(connection: Connection, location: str, status: int = 307) -> Request:
    step = connection.respond(answer(status, Location=location))
    assert isinstance(step, Connect)
    return step.request


def names_sent(request: Request) -> set[str]:
    return {name for name, _ in request.headers}


def with_secrets() -> Connection:
    connection = Connection(URL, sensitive_headers=["X-Api-Key"])
    request = connected(connection, headers={**SECRETS, "X-Trace": "1"})
    assert names_sent(request) == HARMLESS | set(SECRETS)
    return connection


@pytest.mark.parametrize(
    ("status", "method", "method_after"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (301, "PUT", "PUT"),
        (302, "PUT", "PUT"),
        (303, "PUT", "GET"),
        (307, "PUT", "PUT"),
        (308, "PUT", "PUT"),
    ],
)
def test_method_and_body_follow_a_redirect_as_in_fetch(status: int, method: str, method_after: str) -> None:
    connection = Connection(URL, method=method, json={"a": 1})
    own = {
        "Content-Language": "en",
        "content-encoding": "identity",
        "Content-Length": "7",
        "Content-Location": "/",
    }
    first = connected(connection, headers={**own, "X-Trace": "1"})
    second = redirected(connection, "/other", status)
    assert (second.method, second.url) == (method_after, "https://example.com/other")
    if method_after == method:
        assert (second.body, second.headers) == (first.body, first.headers)
    else:
        assert second.body is None
        assert names_sent(second) == HARMLESS


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_keeps_a_request_without_a_body(status: int, method: str) -> None:
    connection = Connection(URL, method=method)
    first = connected(connection)
    second = redirected(connection, "/other", status)
    assert second == Request(method, "https://example.com/other", first.headers, None)


@pytest.mark.parametrize(
    "location",
    [
        "https://example.com/other",
        "/other",
        "other?a=b",
        "https://EXAMPLE.com:443/",
        "//example.com/",
        "?",
        "",
    ],
)
def test_the_same_origin_gets_every_header(location: str) -> None:
    connection = with_secrets()
    assert names_sent(redirected(connection, location)) == HARMLESS | set(SECRETS)


@pytest.mark.parametrize(
    "location",
    [
        "https://example.org/stream",
        "https://example.com.evil.example/stream",
        "https://sub.example.com/stream",
        "//example.org/stream",
        "https://example.com:8443/stream",
        "https://example.com:80/stream",
        "http://example.com/stream",
        "http://example.com:443/stream",
        "https://example.com@example.org/",
        # Port 0 is a port, and not the default one.
        "https://example.com:0/stream",
    ],
)
def test_another_origin_gets_no_sensitive_header(location: str) -> None:
    connection = with_secrets()
    request = redirected(connection, location)
    assert names_sent(request) == HARMLESS
    assert not set(SECRETS.values()) & {value for _, value in request.headers}


@pytest.mark.parametrize("name", KEYS)
def test_another_origin_does_not_get_the_usual_keys(name: str) -> None:
    connection = Connection(URL)
    connected(connection, headers={name: "k"})
    assert redirected(connection, "/same").header(name) == "k"
    request = redirected(connection, "https://example.org/")
    assert request.header(name) is None
    assert name.lower() in request.withheld
    # Documented where a caller adds others.
    assert name in (Connection.__doc__ or "")


def error_after(connection: Connection, status: int = 401) -> ResponseError:
    error = refused(connection, answer(status)).cause
    assert isinstance(error, ResponseError)
    return error


def test_an_error_has_the_redirects_that_led_to_it() -> None:
    connection = Connection("https://example.com/a?key=secret", method="POST", json={})
    connected(connection, headers={"Authorization": "Bearer t", "Host": "x", "X-Trace": "1"})
    redirected(connection, "/b?key=secret", 301)
    redirected(connection, "https://example.org:81/c?key=secret", 307)
    error = error_after(connection)
    assert error.redirects == (
        (301, "https://example.com/a?key=secret"),
        (307, "https://example.com/b?key=secret"),
    )
    assert (error.method, error.withheld) == ("POST", frozenset({"Authorization"}))
    assert str(error) == (
        "HTTP status 401 instead of 200, after 301 from https://example.com/a made the POST a GET,"
        " 307 from https://example.com/b; Authorization was not sent to https://example.org:81"
    )


def test_an_error_of_the_next_attempt_has_no_earlier_redirects() -> None:
    connection = with_secrets()
    redirected(connection, "https://example.org/")
    assert error_after(connection, 503).withheld >= {"Authorization", "x-api-KEY", "Last-Event-Id"}
    connection.decide(monotonic=0.0, random=0.0)
    connected(connection, headers={"Authorization": "Bearer t"})
    error = error_after(connection)
    assert (error.redirects, error.withheld) == ((), frozenset())
    assert str(error) == "HTTP status 401 instead of 200"


def test_an_error_that_a_transport_makes_has_the_redirects_too() -> None:
    connection = Connection(URL, method="POST", json={})
    connected(connection)
    redirected(connection, "/other", 303)
    connection.respond(STREAM)
    error = connection.fail(ContentEncodingError(200, (("Content-Encoding", "zstd"),))).cause
    assert isinstance(error, ContentEncodingError)
    assert error.redirects == ((303, URL),)
    assert f"'zstd', after 303 from {URL} made the POST a GET" in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_another_origin_does_not_get_the_last_event_id() -> None:
    connection = Connection(URL, last_event_id="secret-cursor")
    assert connected(connection).header("Last-Event-ID") == "secret-cursor"
    assert redirected(connection, "https://example.org/").header("Last-Event-ID") is None


def test_another_origin_does_not_get_the_urls_credentials() -> None:
    connection = Connection("https://user:password@example.com/")
    connected(connection)
    assert redirected(connection, "/same").header("Authorization") is not None
    assert redirected(connection, "https://example.org/").header("Authorization") is None


def test_a_default_port_is_the_same_as_none() -> None:
    connection = Connection("http://example.com:80/")
    connected(connection, headers={"Authorization": "Bearer t"})
    assert redirected(connection, "http://example.com/").header("Authorization") == "Bearer t"


def test_secrets_stay_dropped_back_at_the_first_origin() -> None:
    connection = with_secrets()
    redirected(connection, "https://example.org/")
    request = redirected(connection, URL)
    assert (request.url, names_sent(request)) == (URL, HARMLESS)


def test_a_redirect_names_headers_a_client_must_withhold() -> None:
    connection = with_secrets()
    assert redirected(connection, "/same").withheld == frozenset()
    away = redirected(connection, "https://example.org/").withheld
    assert away >= {"authorization", "cookie", "proxy-authorization", "last-event-id", "x-api-key"}
    # Also after further redirects, to the same origin or back to the first one.
    assert redirected(connection, "/further").withheld == away
    assert redirected(connection, URL).withheld == away
    connection.fail(ConnectError("gone"))
    connection.decide(monotonic=0.0, random=0.0)
    assert connected(connection).withheld == frozenset()


def test_the_next_attempt_begins_at_the_first_url() -> None:
    connection = with_secrets()
    redirected(connection, "https://example.org/")
    assert connection.url == "https://example.org/"
    request = connected(connection, headers=SECRETS)
    assert request.url == connection.url == URL
    assert names_sent(request) >= set(SECRETS)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/a", "https://example.com/a"),
        ("b", "https://example.com/dir/b"),
        ("../b", "https://example.com/b"),
        ("?q=2", "https://example.com/dir/stream?q=2"),
        ("//example.org/a", "https://example.org/a"),
        ("//example.org", "https://example.org/"),
        ("https://example.org:8443/a?b#c", "https://example.org:8443/a?b"),
        ("#part", "https://example.com/dir/stream?q=1"),
        ("", "https://example.com/dir/stream?q=1"),
        ("/a b", "https://example.com/a%20b"),
        ("/a%20b%zz", "https://example.com/a%20b%zz"),
        # Bytes of UTF-8, each decoded as ISO-8859-1 as in any header field.
        ("/gr\u00c3\u00bcn?\u00e2\u0082\u00ac", "https://example.com/gr%C3%BCn?%E2%82%AC"),
        # Not UTF-8, but exactly the byte that the server wrote.
        ("/gr\u00fcn", "https://example.com/gr%FCn"),
        ("https://[::1]:8080/a", "https://[::1]:8080/a"),
        ("https://user:password@example.org/a", "https://example.org/a"),
        ("HTTP://EXAMPLE.ORG/A", "http://example.org/A"),
    ],
)
def test_a_location_is_resolved(location: str, url: str) -> None:
    connection = Connection("https://example.com/dir/stream?q=1")
    connected(connection)
    request = redirected(connection, location)
    assert request.url == connection.url == url
    assert request.header("Authorization") is None


@pytest.mark.parametrize(
    "location",
    [
        "javascript:alert(1)", "file:///etc/passwd", "ftp://example.com/", "ws://example.com/",
        "data:text/event-stream,data:%20a%0A%0A", "https://", "https://:443/", "https:///\\", "https://[::1",
        "https://[nonsense]/", "https://a:b/", "https://example.com:99999/", "http://exa mple.com/",
        "https://exa\r\nmple.com/", "https://\u00ff/",
    ],
)  # fmt: skip
def test_an_invalid_location_is_an_error_that_shows_it(location: str) -> None:
    connection = Connection("http://example.com/")
    connected(connection)
    error = refused(connection, answer(302, Location=location), b"moved").cause
    assert isinstance(error, RedirectError)
    assert (error.status, error.header("Location"), error.body) == (302, location, b"moved")
    assert repr(location) in str(error)


def test_a_redirect_without_a_location_is_an_error() -> None:
    connection = Connection(URL)
    connected(connection)
    error = refused(connection, answer(302)).cause
    assert isinstance(error, RedirectError)
    assert "without a Location" in str(error)


def test_twenty_redirects_are_followed_but_not_more() -> None:
    connection = Connection(URL)
    connected(connection)
    for number in range(20):
        assert redirected(connection, f"/{number}").url == f"https://example.com/{number}"
    error = refused(connection, answer(307, Location="/20")).cause
    assert isinstance(error, RedirectError)
    assert (error.url, error.header("Location")) == ("https://example.com/19", "/20")
    assert str(error).startswith("too many redirects: 20 were followed, and not the next (307) to '/20'")


def test_every_attempt_has_its_own_twenty_redirects() -> None:
    connection = Connection(URL)
    for _ in range(2):
        connected(connection)
        for _ in range(20):
            redirected(connection, "/again")


@given(st.text(st.characters(max_codepoint=255)), st.sampled_from([301, 302, 303, 307, 308]))
def test_any_location_leads_to_a_url_or_an_error(location: str, status: int) -> None:
    connection = Connection(URL)
    connected(connection)
    step = connection.respond(answer(status, Location=location))
    if isinstance(step, Connect):
        url = step.request.url
        assert url.startswith(("http://", "https://"))
        assert url.isascii()
        assert not {" ", "\r", "\n", "\0", "#"} & set(url)
    else:
        assert isinstance(step, ReadBody)


def test_a_connect_error_after_a_redirect_names_it() -> None:
    connection = Connection(URL, method="POST", retry=None)
    connected(connection, headers={"Authorization": "Bearer secret"})
    connection.respond(Response(301, [("Location", "http://gone.example/feed?key=secret")]))
    connection.fail(ConnectError("gone.example: Connection refused"))
    error = stopped(connection.decide(monotonic=0.0, random=0.0))
    assert isinstance(error, ConnectError)
    assert str(error) == (
        f"gone.example: Connection refused, after 301 from {URL} made the POST a GET;"
        " Authorization was not sent to http://gone.example"
    )


def test_messages_have_no_credentials_and_no_query() -> None:
    location = "http://user:secret@a b/?token=secret"
    error = RedirectError(302, (("Location", location),), url="http://a/?token=secret")
    assert "secret" not in str(error) + repr(error)
    assert "http://a b/" in str(error)
