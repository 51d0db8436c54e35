"""The options of `format("sse")`: names as in Spark's other sources, one readable error for what is wrong."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable, Mapping
from typing import Any

from sse_core import Connection, InvalidArgument, RetryPolicy
from sse_transports import Position

DEFAULT_FEED = "default"
"""The name of the feed that the option `url` gives."""

SECRET = "env:"  # noqa: S105  # what a value begins with that names an environment variable
HEADER = "header."
RETRY = "retry."


def _different(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Of two equal names, `json` would drop one without a word.
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError
    return value


def _texts(text: str) -> dict[str, str]:
    value = json.loads(text, object_pairs_hook=_different)
    if not (isinstance(value, dict) and value and all(isinstance(each, str) for each in value.values())):
        raise ValueError
    return value


# Each kind of value: its pattern, what reads it, and what an error says was expected.
Kind = tuple[str, Callable[[str], object], str]
TEXT: Kind = (".*", str, "a text")
JSON: Kind = (".*", json.loads, "JSON")
FEEDS: Kind = (".*", _texts, "a JSON object of name to URL, each name once")
STARTS: Kind = (".*", lambda ids: ids != "latest" and _texts(ids), "latest, or a JSON object of feed to ID")
WHOLE: Kind = ("[1-9][0-9]{0,14}", int, "a whole number above 0")
NUMBER: Kind = (r"[0-9]{1,9}(\.[0-9]{1,9})?", float, "a number")
SECONDS: Kind = (r"(?!0*\.?0*$)[0-9]{1,6}(\.[0-9]{1,9})?", float, "seconds above 0 and below 1000000")
FLAG: Kind = ("(?i:true|false)", lambda text: text.lower() == "true", "true or false")
METHOD: Kind = ("[A-Za-z-]+", str, "an HTTP method")
END: Kind = ("fail|ignore", str, "fail or ignore")

OPTIONS: dict[str, tuple[Kind, Any]] = {
    "url": (TEXT, None),
    "feeds": (FEEDS, None),
    "startingOffsets": (STARTS, None),
    "maxOffsetsPerTrigger": (WHOLE, None),
    "maxSecondsPerTrigger": (SECONDS, 1.0),
    "maxBufferedEvents": (WHOLE, 100_000),
    "maxEventSize": (WHOLE, 32 * 2**20),
    "failOnDataLoss": (FLAG, True),
    "replayTimeout": (SECONDS, 60.0),
    "method": (METHOD, "GET"),
    "json": (JSON, None),
    "allowUnsafeMethod": (FLAG, False),
    "idleTimeout": (SECONDS, None),
    "until": (TEXT, None),
    "onFeedEnd": (END, "fail"),
    "maxEvents": (WHOLE, None),
    "maxSeconds": (SECONDS, None),
    **{f"{RETRY}{name}Delay": (NUMBER, None) for name in ("initial", "max", "min")},
    **{RETRY + name: (NUMBER, None) for name in ("factor", "jitter", "maxElapsed", "maxRetryAfter")},
    "retry.maxAttempts": (WHOLE, None),
}
"""The kind and the default of each option, except the headers."""

PASSED_ON = ("method", "json", "until", "idleTimeout", "maxEventSize")
"""The options that are arguments of an event source."""

NAMES = {name.lower(): name for name in OPTIONS}


class Options:
    """The options of a query, checked. `options["maxEvents"]` is the value of one.

    A URL or a header may still be the name of an environment variable: so the options can be sent to other
    processes, and each looks its secrets up itself.

    Attributes:
        feeds: the name of each feed to its URL.
        starts: the name of each feed to where a new query begins.
        headers: header fields, the same for each feed.
        retry: what to do when a connection ends or fails.

    Raises:
        sse_core.InvalidArgument: naming the option.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self._values = {name: default for name, (_, default) in OPTIONS.items()}
        self.headers: dict[str, str] = {}
        for name, text in given.items():
            # Spark passes names in lower case.
            known = NAMES.get(name.lower())
            if name.lower().startswith(HEADER):
                self.headers[name[len(HEADER) :]] = text
            elif known is None:
                shown = ", ".join([*OPTIONS, f"{HEADER}<Name>"])
                raise InvalidArgument(name, f"is no option of the sse source; there are {shown}")
            else:
                self._values[known] = _parsed(known, text)
        if (self["url"] is None) is (self["feeds"] is None):
            raise InvalidArgument("url", "give either this or the option feeds")
        self.feeds: dict[str, str] = self["feeds"] or {DEFAULT_FEED: self["url"]}
        ids = self["startingOffsets"] or {}
        for unknown in ids.keys() - self.feeds.keys():
            raise InvalidArgument("startingOffsets", f"there is no feed {unknown!r}")
        self.starts = {name: Position(ids.get(name, "")) for name in self.feeds}
        self.retry = self._retry_policy()
        self._check()

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def arguments_of(self, feed: str) -> dict[str, Any]:
        """Return the arguments of a feed's event source, with the secrets, which this machine must have.

        Raises:
            sse_core.InvalidArgument: a secret is not set here, or the URL is none.
        """
        url = _resolve(f"url of feed {feed!r}", self.feeds[feed])
        _check_url(feed, url)
        return {
            "url": url,
            "headers": {name: _resolve(HEADER + name, value) for name, value in self.headers.items()},
            "sensitive_headers": [name for name, value in self.headers.items() if value.startswith(SECRET)],
            "retry": self.retry,
            **{_snake(name): self[name] for name in PASSED_ON},
        }

    def _retry_policy(self) -> RetryPolicy:
        given = {name.removeprefix(RETRY): self[name] for name in OPTIONS if name.startswith(RETRY)}
        arguments = {_snake(name): value for name, value in given.items() if value is not None}
        if self["allowUnsafeMethod"]:
            arguments["allowed_methods"] = {self["method"], *RetryPolicy().allowed_methods}
        try:
            return RetryPolicy(**arguments)
        except InvalidArgument as error:
            name = next(name for name in given if _snake(name) == error.name)
            raise InvalidArgument(RETRY + name, error.reason) from None

    def _check(self) -> None:
        """Check what the options mean together, as far as it can be known without the secrets."""
        if self["method"].upper() not in self.retry.allowed_methods:
            reason = "a method that is not safe is sent again at each reconnection; if that does no harm,"
            raise InvalidArgument("method", f"{reason} set allowUnsafeMethod to true")
        count = len(self.feeds)
        if (self["maxOffsetsPerTrigger"] or count) < count:
            raise InvalidArgument("maxOffsetsPerTrigger", f"there are {count} feeds; each needs one")
        for name, url in self.feeds.items():
            if not url.startswith(SECRET):
                _check_url(name, url)


def _parsed(name: str, text: str) -> object:
    (pattern, read, expected), _ = OPTIONS[name]
    try:
        if re.fullmatch(pattern, text, re.DOTALL):
            return read(text)
    except (ValueError, RecursionError):
        pass
    # A text that any pattern matches may be long, and a URL in it may have a token.
    shown = "" if pattern == ".*" else f", not {text!r}"
    raise InvalidArgument(name, f"expected {expected}{shown}")


def _check_url(feed: str, url: str) -> None:
    try:
        Connection(url)
    except InvalidArgument as error:
        # The reason may quote the URL, which may have a token.
        reason = re.sub(r"""^(['"]).*\1""", "the URL", error.reason, flags=re.DOTALL)
        raise InvalidArgument(f"url of feed {feed!r}", reason) from None


def _resolve(what: str, value: str) -> str:
    name = value.removeprefix(SECRET)
    if name == value:
        return value
    if name not in os.environ:
        raise InvalidArgument(what, f"the environment variable {name} is not set on {socket.gethostname()}")
    return os.environ[name]


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
