"""Redirects: which are followed, and which headers and body are sent on."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

from sse_core import (
    Closed,
    Connecting,
    ContentTypeError,
    Disconnected,
    HTTPStatusError,
    Opened,
    RedirectError,
    RetryPolicy,
)
from sse_transports._event_source import Options
from tests.sse_transports.answers import hang_up, no_content, redirect, refuse, sized_stream, stream
from tests.sse_transports.scenario import ONE, Outcome, RunState, Scenario

NO_RECONNECT = RetryPolicy(reconnect_on_close=False)
SECRETS = {
    "Authorization": "Bearer secret",
    "Cookie": "session=secret",
    "Proxy-Authorization": "Basic c2VjcmV0",
    "X-Api-Key": "secret",
    "X-Open": "yes",
}
WITH_SECRETS: Options = {
    "headers": SECRETS,
    "sensitive_headers": ("x-API-key",),
    "last_event_id": "7",
    "retry": NO_RECONNECT,
}
KEYS = ("X-Api-Key", "Api-Key", "X-Auth-Token", "X-Access-Token", "Private-Token")
SECRET_NAMES = ("authorization", "cookie", "proxy-authorization", "x-api-key", "last-event-id")


def elsewhere(run: RunState) -> str:
    return f"{run.elsewhere}/there"


def the_path_was(path: str) -> Callable[[Outcome], None]:
    def check(outcome: Outcome) -> None:
        assert outcome.calls[-1].path == path

    return check


def no_secrets_were_sent_elsewhere(outcome: Outcome) -> None:
    (first,), (second,) = outcome.calls, outcome.calls_elsewhere
    for name in SECRET_NAMES:
        assert name in first.headers
        assert name not in second.headers
    assert second.headers["x-open"] == b"yes"
    assert second.headers["accept"] == b"text/event-stream"
    assert (second.method, second.path) == ("GET", "/there")


def the_secrets_were_sent_on(outcome: Outcome) -> None:
    _, second = outcome.calls
    for name in (*SECRET_NAMES, "x-open"):
        assert name in second.headers


def the_post_became_a_get(outcome: Outcome) -> None:
    first, second = outcome.calls
    assert (first.method, first.body) == ("POST", b'{"ask":"why?"}')
    assert (second.method, second.body) == ("GET", b"")
    assert not {"content-type", "content-length"} & set(second.headers)


def the_post_was_sent_on(outcome: Outcome) -> None:
    for call in outcome.calls:
        assert (call.method, call.body) == ("POST", b'{"ask":"why?"}')
        assert call.headers["content-type"] == b"application/json"


def the_post_was_sent_on_without_secrets(outcome: Outcome) -> None:
    (call,) = outcome.calls_elsewhere
    assert (call.method, call.body) == ("POST", b'{"ask":"why?"}')
    assert not set(SECRET_NAMES) & set(call.headers)


def each_attempt_starts_with_the_secrets(outcome: Outcome) -> None:
    assert [call.headers.get("authorization") for call in outcome.calls] == [b"Bearer secret"] * 2
    assert [call.headers.get("last-event-id") for call in outcome.calls] == [b"7", b"1"]
    assert [call.headers.get("authorization") for call in outcome.calls_elsewhere] == [None, None]


def credentials_were_sent_to_their_origin_only(outcome: Outcome) -> None:
    assert outcome.calls[0].headers["authorization"] == b"Basic " + b64encode(b"aladdin:open sesame")
    assert outcome.calls[0].headers["host"].startswith(b"127.0.0.1:")
    no_credentials_were_sent(outcome)


def no_credentials_were_sent(outcome: Outcome) -> None:
    assert "authorization" not in outcome.calls_elsewhere[0].headers


def the_redirect_is_in_the_error(outcome: Outcome) -> None:
    error: Any = outcome.error
    assert [status for status, _ in error.redirects] == [301]
    assert error.redirects[0][1].endswith("/stream")
    assert "301 from " in str(error)


def the_withheld_headers_are_in_the_error(outcome: Outcome) -> None:
    error: Any = outcome.error
    assert {name.lower() for name in error.withheld} == set(SECRET_NAMES)
    assert "secret" not in str(error)


def no_keys_were_sent_elsewhere(outcome: Outcome) -> None:
    (first,), (second,) = outcome.calls, outcome.calls_elsewhere
    for name in KEYS:
        assert first.headers[name.lower()] == b"secret"
        assert name.lower() not in second.headers


FOLLOWED = (
    *(
        Scenario(
            name=f"GET follows {status} and stays a GET",
            answers=(redirect(status, "/there?x=1"), stream(ONE)),
            options={"retry": NO_RECONNECT},
            events=(("a", "1"),),
            changes=(Connecting, Connecting, Opened, Disconnected, Closed),
            check=the_path_was("/there?x=1"),
        )
        for status in (301, 302, 303, 307, 308)
    ),
    *(
        Scenario(
            name=f"POST that is redirected by {status} becomes a GET without a body",
            answers=(redirect(status, "/there"), stream(ONE)),
            options={"method": "POST", "json": {"ask": "why?"}},
            events=(("a", "1"),),
            check=the_post_became_a_get,
        )
        for status in (301, 302, 303)
    ),
    *(
        Scenario(
            name=f"POST that is redirected by {status} keeps its body",
            answers=(redirect(status, "/there"), stream(ONE)),
            options={"method": "POST", "json": {"ask": "why?"}},
            events=(("a", "1"),),
            check=the_post_was_sent_on,
        )
        for status in (307, 308)
    ),
    *(
        Scenario(
            name=f"a redirect to {location!r} leads to {path!r}",
            url=lambda run: f"{run.url}/api/stream?key=1",
            answers=(redirect(307, location), stream(ONE)),
            options={"retry": NO_RECONNECT},
            events=(("a", "1"),),
            check=the_path_was(path),
        )
        for location, path in (
            ("there", "/api/there"),
            ("../there", "/there"),
            ("?key=2", "/api/stream?key=2"),
            ("/a b", "/a%20b"),
            ("/caf\xe9", "/caf%C3%A9"),
            ("/there#part", "/there"),
        )
    ),
    Scenario(
        name="a chain of redirects is followed",
        answers=(*(redirect(302, f"/{step}") for step in range(20)), stream(ONE)),
        options={"retry": NO_RECONNECT},
        events=(("a", "1"),),
    ),
    Scenario(
        name="a reconnection starts at the first URL",
        answers=(redirect(302, "/there"), sized_stream(ONE, 100), no_content),
        events=(("a", "1"),),
        check=the_path_was("/stream"),
    ),
)

ORIGINS = (
    *(
        Scenario(
            name=f"a redirect by {status} to another origin drops secrets",
            answers=(redirect(status, elsewhere),),
            answers_elsewhere=(stream(ONE),),
            options=WITH_SECRETS,
            events=(("a", "1"),),
            check=no_secrets_were_sent_elsewhere,
        )
        for status in (301, 303, 307)
    ),
    Scenario(
        name="a redirect to another origin drops headers with the usual names of keys",
        answers=(redirect(302, elsewhere),),
        answers_elsewhere=(stream(ONE),),
        options={"headers": dict.fromkeys(KEYS, "secret"), "retry": NO_RECONNECT},
        events=(("a", "1"),),
        check=no_keys_were_sent_elsewhere,
    ),
    Scenario(
        name="a redirect within the origin keeps all headers",
        answers=(redirect(302, "/there"), stream(ONE)),
        options=WITH_SECRETS,
        events=(("a", "1"),),
        check=the_secrets_were_sent_on,
    ),
    Scenario(
        name="POST that is redirected to another origin drops secrets",
        answers=(redirect(308, elsewhere),),
        answers_elsewhere=(stream(ONE),),
        options={**WITH_SECRETS, "method": "POST", "json": {"ask": "why?"}},
        events=(("a", "1"),),
        check=the_post_was_sent_on_without_secrets,
    ),
    Scenario(
        name="the credentials of a URL are sent to its origin only",
        url=lambda run: run.url.replace("http://", "http://aladdin:open%20sesame@") + "/stream",
        answers=(redirect(302, elsewhere),),
        answers_elsewhere=(stream(ONE),),
        options={"retry": NO_RECONNECT},
        events=(("a", "1"),),
        check=credentials_were_sent_to_their_origin_only,
    ),
    Scenario(
        name="credentials in a Location are not sent",
        answers=(redirect(302, lambda run: f"{run.elsewhere.replace('http://', 'http://a:b@')}/there"),),
        answers_elsewhere=(stream(ONE),),
        options={"retry": NO_RECONNECT},
        events=(("a", "1"),),
        check=no_credentials_were_sent,
    ),
    Scenario(
        name="each reconnection sends the secrets, and its redirect drops them",
        answers=(redirect(302, elsewhere), redirect(302, elsewhere)),
        answers_elsewhere=(sized_stream(ONE, 100), no_content),
        options={**WITH_SECRETS, "retry": RetryPolicy(initial_delay=0.01, min_delay=0.0)},
        events=(("a", "1"),),
        check=each_attempt_starts_with_the_secrets,
    ),
)

UNUSABLE = (
    Scenario(
        name="a redirect loop is an error",
        answers=(redirect(302, "/stream"),) * 21,
        error=RedirectError,
        error_says="too many redirects: 20",
        error_has={"status": 302},
        changes=(*(Connecting,) * 21, Disconnected, Closed),
    ),
    *(
        Scenario(
            name=f"a redirect to {location!r} is an error",
            answers=(redirect(302, location),),
            error=RedirectError,
            error_has={"status": 302},
            error_says=location,
        )
        for location in (
            "file:///etc/passwd",
            "ftp://127.0.0.1/x",
            "data:text/event-stream,data:x",
            "javascript:1",
            "http://[::1",
            "http://:80/",
        )
    ),
    Scenario(
        name="a redirect without a Location is an error",
        answers=(lambda call, _run: call.respond(302, [("Content-Length", "0")]),),
        error=RedirectError,
        error_says="without a Location",
    ),
    *(
        Scenario(
            name=f"{status} is no redirect",
            answers=(redirect(status, "/there"),),
            error=HTTPStatusError,
            error_has={"status": status},
        )
        for status in (300, 304, 305, 306)
    ),
    Scenario(
        name="an error names the redirect that made a POST a GET",
        answers=(redirect(301, "/there"), refuse(405)),
        options={"method": "POST", "json": {}},
        error=HTTPStatusError,
        error_has={"status": 405},
        error_says="made the POST a GET",
        check=the_redirect_is_in_the_error,
    ),
    Scenario(
        name="a wrong content type names the redirect that led to it",
        answers=(redirect(301, "/there"), refuse(200, body=b"Log in")),
        error=ContentTypeError,
        check=the_redirect_is_in_the_error,
    ),
    Scenario(
        name="an error names the headers that a redirect to another origin dropped",
        answers=(redirect(302, elsewhere),),
        answers_elsewhere=(refuse(401),),
        options=WITH_SECRETS,
        error=HTTPStatusError,
        error_has={"status": 401},
        error_says="were not sent to http://127.0.0.1:",
        check=the_withheld_headers_are_in_the_error,
    ),
    Scenario(
        name="a redirect to a failing server is retried from the first URL",
        answers=(redirect(302, elsewhere), redirect(302, elsewhere)),
        answers_elsewhere=(hang_up, no_content),
    ),
)

REDIRECTS = (*FOLLOWED, *ORIGINS, *UNUSABLE)
