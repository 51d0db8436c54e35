"""The options of format("sse"): values, and one readable error for each that is wrong."""

from __future__ import annotations

import json
import pickle

import pytest

from pyspark_sse._options import PARSERS, parse_options
from sse_core import InvalidArgument, RetryPolicy

URL = "https://feed.test/events"
FEEDS = json.dumps({"a": "https://a.test/", "b": "env:B_URL"})


def test_a_url_is_a_feed_with_the_default_settings() -> None:
    options = parse_options({"url": URL})
    assert options.feeds == {"default": URL}
    assert options.retry == RetryPolicy()
    assert (options.fail_on_data_loss, options.on_feed_end, options.starting_offsets) == (True, "fail", {})


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
    assert set(given) == set(PARSERS) - {"url"} | {"header.X-Key"}
    options = parse_options(given)
    # Spark passes the names in lower case.
    lower = parse_options({name.lower(): value for name, value in given.items()})
    assert (lower.feeds, lower.retry, lower.max_seconds_per_trigger) == (options.feeds, options.retry, 2.5)
    assert options.starting_offsets == {"a": "7"}
    assert (options.max_offsets_per_trigger, options.max_buffered_events, options.max_event_size) == (
        1000,
        50,
        4096,
    )
    assert (options.fail_on_data_loss, options.replay_timeout, options.idle_timeout) == (False, 5.0, 30.0)
    assert (options.method, options.json, options.until) == ("POST", {"stream": True}, "[DONE]")
    assert (options.on_feed_end, options.max_events, options.max_seconds) == ("ignore", 10, 60.0)
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
        ({"feeds": '{"a": "https://a.test/?token=secret"'}, "feeds: expected a JSON object of name to URL"),
        ({"url": URL, "maxOffsetsPerTrigger": "0"}, "maxOffsetsPerTrigger: expected a whole number above 0"),
        ({"url": URL, "maxEvents": "many"}, "maxEvents: expected a whole number above 0, not 'many'"),
        ({"url": URL, "maxSeconds": "0"}, "maxSeconds: expected seconds, above 0"),
        ({"url": URL, "idleTimeout": "inf"}, "idleTimeout: expected a number, not 'inf'"),
        ({"url": URL, "failOnDataLoss": "no"}, "failOnDataLoss: expected true or false, not 'no'"),
        ({"url": URL, "onFeedEnd": "stop"}, "onFeedEnd: expected fail or ignore, not 'stop'"),
        ({"url": URL, "json": "{", "method": "QUERY"}, "json: expected JSON"),
        ({"url": URL, "startingOffsets": "earliest"}, "startingOffsets: expected latest, or a JSON object"),
        ({"url": URL, "startingOffsets": '{"a": "1"}'}, "startingOffsets: there is no feed 'a'"),
        ({"url": URL, "retry.maxDelay": "0.01"}, "retry.maxDelay: 0.01 is less than min_delay"),
        ({"url": URL, "retry.factor": "0.5"}, "retry.factor: "),
        ({"url": URL, "retry.forever": "true"}, "retry.forever: is no option"),
        ({"url": URL, "method": "POST"}, "method: POST is sent again after each restart"),
        ({"url": URL, "json": "{}"}, "feed 'default', json: "),
        (
            {"url": "ftp://feed.test/?token=secret"},
            "url of feed 'default': the URL does not begin with http:// or https://",
        ),
        ({"url": URL, "header.X": "a\nb"}, "feed 'default', headers['X']: "),
        ({"url": URL, "startingOffsets": '{"default": "a\\u0000"}'}, "feed 'default', last_event_id: "),
        ({"feeds": FEEDS, "maxOffsetsPerTrigger": "1"}, "maxOffsetsPerTrigger: there are 2 feeds"),
    ],
)
def test_an_error_names_the_option(given: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidArgument) as raised:
        parse_options(given)
    assert str(raised.value).startswith(message)
    assert "secret" not in str(raised.value)


def test_secrets_are_read_where_they_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    options = parse_options({"feeds": FEEDS, "header.authorization": "env:B_TOKEN", "header.x-team": "data"})
    monkeypatch.setenv("B_URL", "https://b.test/?key=secret")
    monkeypatch.setenv("B_TOKEN", "Bearer secret")
    copied = pickle.loads(pickle.dumps(options))
    assert b"secret" not in pickle.dumps(options)
    assert copied.url_of("b") == "https://b.test/?key=secret"
    assert copied.resolved_headers() == {"authorization": "Bearer secret", "x-team": "data"}
    assert copied.sensitive_headers() == ["authorization"]
    monkeypatch.delenv("B_URL")
    with pytest.raises(
        InvalidArgument, match="url of feed 'b': the environment variable B_URL is not set on"
    ):
        copied.url_of("b")
    monkeypatch.setenv("B_URL", "ftp://b.test/?key=secret")
    with pytest.raises(InvalidArgument, match="url of feed 'b': the URL does not begin") as raised:
        copied.url_of("b")
    assert "secret" not in str(raised.value)
