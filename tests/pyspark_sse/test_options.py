"""The options of format("sse"): values, and one readable error for each that is wrong."""

from __future__ import annotations

import json
import pickle

import pytest

from pyspark_sse._options import OPTIONS, Options
from sse_core import InvalidArgument, RetryPolicy
from sse_transports import Position

URL = "https://feed.test/events"
FEEDS = json.dumps({"a": "https://a.test/", "b": "env:B_URL"})


def test_a_url_is_a_feed_with_the_default_settings() -> None:
    options = Options({"url": URL})
    assert options.feeds == {"default": URL}
    assert options.retry == RetryPolicy()
    assert (options["failOnDataLoss"], options["onFeedEnd"]) == (True, "fail")
    assert options.starts == {"default": Position()}


def test_each_option_has_its_value() -> None:
    given = {
        "feeds": FEEDS,
        "startingOffsets": '{"a": "7"}',
        "maxOffsetsPerTrigger": "1000",
        "maxSecondsPerTrigger": "2.5",
        "maxBufferedEvents": "50",
        "maxEventSize": "4096",
        "failOnDataLoss": "False",
        "replayTimeout": "5",
        "method": "POST",
        "json": '{"stream": true}',
        "allowUnsafeMethod": "true",
        "idleTimeout": "30",
        "until": "[DONE]",
        "onFeedEnd": "ignore",
        "maxEvents": "10",
        "maxSeconds": "60",
        "retry.initialDelay": "0.5",
        "retry.maxDelay": "9",
        "retry.minDelay": "0",
        "retry.maxElapsed": "100",
        "retry.factor": "3",
        "retry.jitter": "0",
        "retry.maxRetryAfter": "20",
        "retry.maxAttempts": "4",
        "header.X-Key": "k",
    }
    # All of them, except `url`, which `feeds` replaces.
    assert set(given) == set(OPTIONS) - {"url"} | {"header.X-Key"}
    options = Options(given)
    # Spark passes the names in lower case.
    lower = Options({name.lower(): value for name, value in given.items()})
    assert lower._values == options._values
    assert list(options.feeds) == ["a", "b"]
    assert options.starts == {"a": Position("7"), "b": Position()}
    retry = {name: value for name, value in options._values.items() if name.startswith("retry.")}
    assert options._values == retry | {
        "url": None,
        "feeds": options.feeds,
        "startingOffsets": {"a": "7"},
        "maxOffsetsPerTrigger": 1000,
        "maxSecondsPerTrigger": 2.5,
        "maxBufferedEvents": 50,
        "maxEventSize": 4096,
        "failOnDataLoss": False,
        "replayTimeout": 5.0,
        "method": "POST",
        "json": {"stream": True},
        "allowUnsafeMethod": True,
        "idleTimeout": 30.0,
        "until": "[DONE]",
        "onFeedEnd": "ignore",
        "maxEvents": 10,
        "maxSeconds": 60.0,
    }
    assert options.headers == {"X-Key": "k"}
    assert options.retry == RetryPolicy(
        initial_delay=0.5,
        max_delay=9.0,
        min_delay=0.0,
        max_elapsed=100.0,
        factor=3.0,
        jitter=0.0,
        max_retry_after=20.0,
        max_attempts=4,
        allowed_methods={*RetryPolicy().allowed_methods, "POST"},
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"url": URL, "maxOfsets": "1"}, "maxOfsets: is no option of the sse source; there are url, feeds,"),
        ({"path": URL}, "path: is no option"),
        ({}, "url: give either this or the option feeds"),
        ({"url": URL, "feeds": FEEDS}, "url: give either this or the option feeds"),
        ({"feeds": "[1]"}, "feeds: expected a JSON object of name to URL"),
        ({"feeds": "{}"}, "feeds: expected a JSON object of name to URL"),
        (
            {"feeds": '{"a": "https://a.test/", "a": "https://b.test/"}'},
            "feeds: expected a JSON object of name to URL, each name once",
        ),
        ({"feeds": "[" * 100_000}, "feeds: expected a JSON object of name to URL"),
        ({"feeds": '{"a": "https://a.test/?token=secret"'}, "feeds: expected a JSON object of name to URL"),
        ({"url": URL, "maxOffsetsPerTrigger": "0"}, "maxOffsetsPerTrigger: expected a whole number above 0"),
        ({"url": URL, "maxEvents": "many"}, "maxEvents: expected a whole number above 0, not 'many'"),
        ({"url": URL, "maxSeconds": "0.0"}, "maxSeconds: expected seconds above 0"),
        (
            {"url": URL, "idleTimeout": "inf"},
            "idleTimeout: expected seconds above 0 and below",
        ),
        ({"url": URL, "failOnDataLoss": "no"}, "failOnDataLoss: expected true or false, not 'no'"),
        ({"url": URL, "onFeedEnd": "stop"}, "onFeedEnd: expected fail or ignore, not 'stop'"),
        ({"url": URL, "json": "{", "method": "QUERY"}, "json: expected JSON"),
        ({"url": URL, "startingOffsets": "earliest"}, "startingOffsets: expected latest, or a JSON object"),
        ({"url": URL, "startingOffsets": '{"a": "1"}'}, "startingOffsets: there is no feed 'a'"),
        ({"url": URL, "retry.maxDelay": "0.01"}, "retry.maxDelay: 0.01 is less than min_delay"),
        ({"url": URL, "retry.factor": "0.5"}, "retry.factor: "),
        ({"url": URL, "retry.forever": "true"}, "retry.forever: is no option"),
        (
            {"url": URL, "method": "BAD METHOD", "allowUnsafeMethod": "true"},
            "method: expected an HTTP method",
        ),
        ({"url": URL, "method": "POST"}, "method: a method that is not safe is sent again"),
        (
            {"url": "ftp://feed.test/?token=secret"},
            "url of feed 'default': the URL does not begin with http:// or https://",
        ),
        ({"feeds": FEEDS, "maxOffsetsPerTrigger": "1"}, "maxOffsetsPerTrigger: there are 2 feeds"),
    ],
)
def test_an_error_names_the_option(given: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        Options(given)
    assert str(raised.value).startswith(message)
    assert "secret" not in str(raised.value)


def test_secrets_are_read_where_they_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    options = Options({"feeds": FEEDS, "header.authorization": "env:B_TOKEN", "header.x-team": "data"})
    monkeypatch.setenv("B_URL", "https://b.test/?key=secret")
    monkeypatch.setenv("B_TOKEN", "Bearer secret")
    copied = pickle.loads(pickle.dumps(options))
    assert b"secret" not in pickle.dumps(options)
    arguments = copied.arguments_of("b")
    assert arguments["url"] == "https://b.test/?key=secret"
    assert arguments["headers"] == {"authorization": "Bearer secret", "x-team": "data"}
    assert arguments["sensitive_headers"] == ["authorization"]
    assert copied.arguments_of("a")["url"] == "https://a.test/"
    monkeypatch.delenv("B_URL")
    with pytest.raises(
        InvalidArgument, match="url of feed 'b': the environment variable B_URL is not set on"
    ):
        copied.arguments_of("b")
    monkeypatch.setenv("B_URL", "ftp://b.test/?key=secret")
    with pytest.raises(InvalidArgument, match="url of feed 'b': the URL does not begin") as raised:
        copied.arguments_of("b")
    assert "secret" not in str(raised.value)
