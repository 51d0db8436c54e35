"""The options of `format("sse")`: names as in Spark's other sources, one readable error for what is wrong."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sse_core import Connection, InvalidArgument, RetryPolicy

DEFAULT_FEED = "default"
"""The name of the feed that the option `url` gives."""

SECRET = "env:"  # noqa: S105  # what a value begins with that names an environment variable
HEADER = "header."
RETRY = "retry."


@dataclass(frozen=True)
class Options:
    """The options, checked; a URL or a header may still be the name of an environment variable.

    Attributes:
        feeds: the name of each feed to its URL.
        headers: header fields, the same for each feed.
        retry: what to do when a connection ends or fails.
        starting_offsets: the name of a feed to the ID after which to begin; feeds without one begin with what
            the server sends first.

    The others are those of the page "Spark", in Python's spelling. Sizes are in bytes, times in seconds.
    """

    feeds: Mapping[str, str]
    headers: Mapping[str, str]
    retry: RetryPolicy
    starting_offsets: Mapping[str, str] = field(default_factory=dict)
    max_offsets_per_trigger: int | None = None
    max_seconds_per_trigger: float = 1.0
    max_buffered_events: int = 100_000
    max_event_size: int = 32 * 2**20
    fail_on_data_loss: bool = True
    replay_timeout: float = 60.0
    method: str = "GET"
    json: Any = None
    idle_timeout: float | None = None
    until: str | None = None
    on_feed_end: str = "fail"
    max_events: int | None = None
    max_seconds: float | None = None

    def url_of(self, feed: str) -> str:
        """Return the URL of a feed; raises InvalidArgument if this machine has none, or it is no URL."""
        url = _resolve(f"url of feed {feed!r}", self.feeds[feed])
        _check_url(feed, url)
        return url

    def resolved_headers(self) -> dict[str, str]:
        """Return the header fields with their secrets, which only the process that connects needs."""
        return {name: _resolve(HEADER + name, value) for name, value in self.headers.items()}

    def sensitive_headers(self) -> list[str]:
        """Return the names of the headers that a redirect to another origin must not get."""
        return [name for name, value in self.headers.items() if value.startswith(SECRET)]


def parse_options(given: Mapping[str, str]) -> Options:
    """Check the options of a query.

    Raises:
        sse_core.InvalidArgument: naming the option.
    """
    values: dict[str, Any] = {}
    headers: dict[str, str] = {}
    retry: dict[str, Any] = {}
    for name, text in given.items():
        # Spark passes names in lower case.
        known = NAMES.get(name.lower())
        if name.lower().startswith(HEADER):
            headers[name[len(HEADER) :]] = text
        elif known is None:
            raise InvalidArgument(name, f"is no option of the sse source; there are {', '.join(SHOWN)}")
        else:
            target = retry if known.startswith(RETRY) else values
            target[_snake(known.removeprefix(RETRY))] = _parsed(known, text)
    feeds = _feeds_of(values.pop("url", None), values.pop("feeds", None))
    allowed = values.pop("allow_unsafe_method", False)
    retry |= (
        {"allowed_methods": {values.get("method", "GET"), *RetryPolicy().allowed_methods}} if allowed else {}
    )
    try:
        policy = RetryPolicy(**retry)
    except InvalidArgument as error:
        raise InvalidArgument(RETRY + _camel(error.name), error.reason) from None
    options = Options(feeds=feeds, headers=headers, retry=policy, **values)
    _check(options)
    return options


def _feeds_of(url: str | None, feeds: dict[str, str] | None) -> dict[str, str]:
    if (url is None) is (feeds is None):
        raise InvalidArgument("url", "give either this or the option feeds")
    return feeds if feeds is not None else {DEFAULT_FEED: str(url)}


def _check(options: Options) -> None:
    """Check what the options mean together, as far as it can be known without the secrets."""
    method = options.method.upper()
    if method not in options.retry.allowed_methods:
        reason = f"{method} is sent again after each restart and each lost connection; if that does no harm,"
        raise InvalidArgument("method", f"{reason} set allowUnsafeMethod to true")
    if (options.max_offsets_per_trigger or len(options.feeds)) < len(options.feeds):
        raise InvalidArgument(
            "maxOffsetsPerTrigger", f"there are {len(options.feeds)} feeds, and each needs one"
        )
    for unknown in options.starting_offsets.keys() - options.feeds.keys():
        raise InvalidArgument("startingOffsets", f"there is no feed {unknown!r}")
    shown = {name: value for name, value in options.headers.items() if not value.startswith(SECRET)}
    for name, url in options.feeds.items():
        if not url.startswith(SECRET):
            _check_url(name, url)
        start = options.starting_offsets.get(name, "")
        try:
            connection = Connection(
                "http://localhost/", method=options.method, json=options.json, last_event_id=start
            )
            connection.connect(shown)
        except InvalidArgument as error:
            raise InvalidArgument(f"feed {name!r}, {error.name}", error.reason) from None


def _check_url(feed: str, url: str) -> None:
    try:
        Connection(url)
    except InvalidArgument as error:
        # The reason may quote the URL, which may have a token.
        reason = re.sub(r"""^(['"]).*\1""", "the URL", error.reason, flags=re.DOTALL)
        raise InvalidArgument(f"url of feed {feed!r}", reason) from None


def _resolve(what: str, value: str) -> str:
    if not value.startswith(SECRET):
        return value
    name = value.removeprefix(SECRET)
    if name not in os.environ:
        raise InvalidArgument(what, f"the environment variable {name} is not set on {socket.gethostname()}")
    return os.environ[name]


# The kinds of values. Each function raises ValueError with what it expects.


def _whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text) or not int(text):
        raise ValueError("a whole number above 0")
    return int(text)


def _number(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise ValueError("a number")
    return float(text)


def _seconds(text: str) -> float:
    # The longest that a source accepts, so that its own error would only say less.
    if not 0 < _number(text) <= 2_000_000:
        raise ValueError("seconds, above 0 and up to 2000000")
    return _number(text)


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("true or false")
    return text.lower() == "true"


def _end(text: str) -> str:
    if text not in ("fail", "ignore"):
        raise ValueError("fail or ignore")
    return text


def _names(text: str) -> dict[str, str]:
    value = json.loads(text)
    if not (isinstance(value, dict) and value and all(isinstance(each, str) for each in value.values())):
        raise ValueError("a JSON object of texts")
    return value


def _starts(text: str) -> dict[str, str]:
    return {} if text == "latest" else _names(text)


PARSERS: dict[str, Callable[[str], object]] = {
    "url": str,
    "feeds": _names,
    "startingOffsets": _starts,
    "maxOffsetsPerTrigger": _whole,
    "maxSecondsPerTrigger": _seconds,
    "maxBufferedEvents": _whole,
    "maxEventSize": _whole,
    "failOnDataLoss": _flag,
    "replayTimeout": _seconds,
    "method": str,
    "json": json.loads,
    "allowUnsafeMethod": _flag,
    "idleTimeout": _seconds,
    "until": str,
    "onFeedEnd": _end,
    "maxEvents": _whole,
    "maxSeconds": _seconds,
    **dict.fromkeys(("retry.initialDelay", "retry.maxDelay", "retry.minDelay", "retry.maxElapsed"), _number),
    **dict.fromkeys(("retry.factor", "retry.jitter", "retry.maxRetryAfter"), _number),
    "retry.maxAttempts": _whole,
}
"""The options, except the headers, and what reads the value of each."""

NAMES = {name.lower(): name for name in PARSERS}
SHOWN = [*PARSERS, f"{HEADER}<Name>"]
EXPECTED = {
    "feeds": "a JSON object of name to URL",
    "startingOffsets": "latest, or a JSON object of feed to ID",
}


def _parsed(name: str, text: str) -> object:
    try:
        return PARSERS[name](text)
    except ValueError as error:
        # What `json` says about a text may quote it; a URL in it may have a token.
        expected = EXPECTED.get(name) or ("JSON" if name == "json" else f"{error}, not {text!r}")
        raise InvalidArgument(name, f"expected {expected}") from None


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


def _camel(name: str) -> str:
    return re.sub("_([a-z])", lambda found: found[1].upper(), name)
