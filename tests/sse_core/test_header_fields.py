"""Header fields: a tuple of pairs as they were received, and a lookup by name."""

from __future__ import annotations

import copy
import pickle

import pytest

from sse_core import ContentTypeError, Headers, HTTPStatusError, Request, Response

PAIRS = (
    ("X-Request-Id", "r1"),
    ("Vary", "Origin"),
    ("vary", "Accept"),
    ("Set-Cookie", "a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT"),
    ("set-cookie", "b=2"),
)
HEADERS = Headers(PAIRS)


@pytest.mark.parametrize("name", ["X-Request-Id", "x-request-id", "X-REQUEST-ID"])
def test_a_field_is_found_in_any_case(name: str) -> None:
    assert HEADERS[name] == HEADERS.get(name) == "r1"
    assert name in HEADERS


def test_values_of_one_name_are_joined_in_order() -> None:
    assert HEADERS["vary"] == "Origin, Accept"
    assert HEADERS.get_all("VARY") == ["Origin", "Accept"]


def test_set_cookie_is_not_joined() -> None:
    assert HEADERS["Set-Cookie"] == "b=2"
    assert len(HEADERS.get_all("Set-Cookie")) == 2


def test_a_missing_field_is_a_key_error_or_the_default() -> None:
    with pytest.raises(KeyError, match="Age"):
        HEADERS["Age"]
    assert HEADERS.get("Age") is None
    assert HEADERS.get("Age", "0") == "0"
    assert HEADERS.get_all("Age") == []
    assert "Age" not in HEADERS


def test_an_empty_value_is_a_value() -> None:
    assert Headers([("A", "")]).get("a", "default") == ""
    assert "a" in Headers([("A", "")])


def test_it_has_the_pairs_as_they_were_received() -> None:
    assert tuple(HEADERS) == HEADERS.pairs == PAIRS
    assert HEADERS == PAIRS
    assert Headers(PAIRS) == HEADERS
    assert PAIRS[1:] != HEADERS
    assert len(HEADERS) == len(PAIRS)
    assert hash(HEADERS) == hash(PAIRS)
    assert not Headers()


def test_it_converts_to_a_dict_with_each_name_once() -> None:
    names = ["X-Request-Id", "Vary", "Set-Cookie"]
    values = ["r1", "Origin, Accept", "b=2"]
    assert (HEADERS.keys(), HEADERS.values()) == (names, values)
    assert HEADERS.items() == list(zip(names, values, strict=True))
    assert dict(HEADERS) == dict(zip(names, values, strict=True))


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_can_be_looked_up_too(clone: object) -> None:
    assert callable(clone)
    error = HTTPStatusError(503, PAIRS)
    for headers in (clone(HEADERS), clone(Response(200, PAIRS)).headers, clone(error).headers):
        assert (headers, headers["vary"]) == (PAIRS, "Origin, Accept")


def test_requests_responses_and_errors_have_them() -> None:
    request = Request("GET", "https://example.com/", [("Accept", "text/event-stream")])
    assert request.headers["accept"] == "text/event-stream"
    assert Response(200, [(b"X-Limit", b"caf\xe9")]).headers["x-limit"] == "caf\xe9"
    assert ContentTypeError(200, [("Content-Type", "text/html")]).headers["content-type"] == "text/html"
