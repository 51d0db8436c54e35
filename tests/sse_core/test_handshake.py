"""The request: its header fields and its body, and arguments that are refused."""

from __future__ import annotations

import base64
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import Connection, InvalidArgument, RetryPolicy
from tests.sse_core.driving import URL, connected, ended, opened, received

DEFAULTS = (("Accept", "text/event-stream"), ("Cache-Control", "no-cache"))


def test_the_default_request_has_the_default_headers() -> None:
    request = connected(Connection(URL))
    assert (request.method, request.url, request.headers.pairs, request.body) == ("GET", URL, DEFAULTS, None)


@pytest.mark.parametrize(
    "name", ["Accept", "accept", "ACCEPT", "Cache-Control", "cache-control", "CACHE-control"]
)
def test_a_callers_header_wins_in_any_case(name: str) -> None:
    request = connected(Connection(URL), headers={name: "mine"})
    values = [value for key, value in request.headers if key.lower() == name.lower()]
    assert values == ["mine"]
    assert len(request.headers) == len(DEFAULTS)


def test_a_callers_headers_keep_their_names_and_their_order() -> None:
    own = {"x-b": "1", "X-A": "2", "accept": "*/*"}
    assert connected(Connection(URL), headers=own).headers == (
        ("Cache-Control", "no-cache"),
        ("x-b", "1"),
        ("X-A", "2"),
        ("accept", "*/*"),
    )


def test_a_callers_mapping_is_never_changed() -> None:
    own = {"Accept": " mine\t", "Last-Event-ID": "9", "X-A": "1"}
    connection = Connection("https://user:password@example.com/", method="POST", json={}, last_event_id="3")
    connected(connection, headers=own)
    assert own == {"Accept": " mine\t", "Last-Event-ID": "9", "X-A": "1"}
    assert connected(Connection(URL), headers=MappingProxyType(own)).header("X-A") == "1"


def test_white_space_around_a_header_value_is_stripped() -> None:
    assert connected(Connection(URL), headers={"X-A": " \tb c\t "}).header("X-A") == "b c"


def test_a_last_event_id_is_sent_only_if_there_is_one() -> None:
    assert connected(Connection(URL, last_event_id="")).header("Last-Event-ID") is None
    request = connected(Connection(URL, last_event_id="7"))
    assert request.headers == (*DEFAULTS, ("Last-Event-ID", "7"))


@pytest.mark.parametrize(
    "identifier", ["€", "日本", "\U0001f600", "é", "a \tb", "\x85", "\u2028a\u3000", "x" * 10_000]
)
def test_a_last_event_id_is_sent_as_the_text_it_is(identifier: str) -> None:
    assert connected(Connection(URL, last_event_id=identifier)).header("last-event-id") == identifier


@pytest.mark.parametrize(
    ("identifier", "sent"), [(" a ", "a"), ("5 ", "5"), ("\t5", "5"), (" ", None), ("\t \t", None)], ids=repr
)
def test_blanks_around_a_last_event_id_are_not_sent(identifier: str, sent: str | None) -> None:
    for connection in (Connection(URL, last_event_id=identifier), opened(Connection(URL))):
        if not connection.last_event_id:
            received(connection, f"id: {identifier}\n\n".encode())
            ended(connection)
        assert connected(connection).header("Last-Event-ID") == sent
        assert connection.last_event_id == identifier
    assert connected(Connection(URL), {"Last-Event-ID": identifier}).header("Last-Event-ID") == sent


CONTROL_CHARACTERS = [chr(code) for code in (*range(1, 32), 127) if chr(code) not in "\t\r\n"]


@pytest.mark.parametrize("character", CONTROL_CHARACTERS, ids=repr)
def test_an_id_with_a_control_character_is_not_sent(character: str) -> None:
    for identifier in (f"5{character}6", character, f"5{character}"):
        connection = Connection(URL, last_event_id=identifier)
        assert connected(connection).headers == DEFAULTS
        assert connection.last_event_id == identifier
        # Not the other one either: the caller's wins, and cannot be sent.
        own = connected(Connection(URL, last_event_id="1"), {"last-event-id": identifier})
        assert own.headers == DEFAULTS


@pytest.mark.parametrize("character", CONTROL_CHARACTERS, ids=repr)
def test_a_header_with_a_control_character_is_refused(character: str) -> None:
    with pytest.raises(InvalidArgument, match=r"headers\['X-A'\]: holds a control character"):
        connected(Connection(URL), {"X-A": f"a{character}b"})
    assert connected(Connection(URL), {"X-A": "a\tb"}).header("X-A") == "a\tb"


def test_raw_headers_are_what_is_sent() -> None:
    request = connected(Connection(URL, last_event_id="€"), headers={"X-Name": "Zoë"})
    assert request.raw_headers == (
        (b"Accept", b"text/event-stream"),
        (b"Cache-Control", b"no-cache"),
        (b"Last-Event-ID", b"\xe2\x82\xac"),
        (b"X-Name", b"Zo\xc3\xab"),
    )


@pytest.mark.parametrize("identifier", ["a\rb", "a\nb", "a\0b", "\ud800", 7, b"7"], ids=repr)
def test_an_invalid_last_event_id_is_refused(identifier: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Connection(URL, last_event_id=identifier)
    assert caught.value.name == "last_event_id"


@pytest.mark.parametrize(
    "value", ["a\rb", "a\nb", "a\r\nEvil: b", "\n", "a\0b", "\udc80", 7, None, b"a"], ids=repr
)
def test_an_invalid_header_value_is_refused_by_name(value: Any) -> None:
    connection = Connection(URL)
    with pytest.raises(InvalidArgument, match="X-Mine"):
        connected(connection, headers={"X-Mine": value})


@pytest.mark.parametrize(
    "name",
    ["", " ", "X A", "X-A ", "X:A", "X\r\nEvil", "X\n", "X\0", "X\t", "é", "X²", "٣", "(x)", 7, None, b"X"],
    ids=repr,
)
def test_an_invalid_header_name_is_refused_and_shown(name: Any) -> None:
    connection = Connection(URL)
    with pytest.raises(InvalidArgument) as caught:
        connected(connection, headers={name: "a"})
    assert caught.value.name == "headers"
    assert repr(name) in caught.value.reason


@pytest.mark.parametrize("name", ["x", "X-A1", "!#$%&'*+-.^_`|~"])
def test_a_header_name_may_be_any_token(name: str) -> None:
    assert connected(Connection(URL), headers={name: "a"}).header(name) == "a"


@given(st.dictionaries(st.text(max_size=6), st.text(max_size=6), max_size=4))
def test_headers_never_contain_a_line_end(own: dict[str, str]) -> None:
    try:
        request = connected(Connection(URL), headers=own)
    except InvalidArgument:
        return
    for name, value in request.headers:
        assert name.isascii()
        assert not {"\r", "\n", "\0"} & {*name, *value}
        value.encode()


@pytest.mark.parametrize(
    ("userinfo", "pair"),
    [
        ("user:password", b"user:password"),
        ("user", b"user:"),
        (":password", b":password"),
        ("user:a:b", b"user:a:b"),
        ("us%40er:p%3Ass%20", b"us@er:p:ss "),
        ("us@er:pass", b"us@er:pass"),
        ("j%C3%BCrgen:ü", "jürgen:ü".encode()),
        # Not UTF-8, but exactly the bytes that the caller wrote.
        ("%FF:%00", b"\xff:\x00"),
    ],
)
def test_url_credentials_become_basic_authorization(userinfo: str, pair: bytes) -> None:
    connection = Connection(f"https://{userinfo}@example.com/stream")
    request = connected(connection)
    scheme, _, encoded = (request.header("Authorization") or "").partition(" ")
    assert (scheme, base64.b64decode(encoded, validate=True)) == ("Basic", pair)
    assert request.url == connection.url == URL


def test_long_credentials_stay_on_one_line() -> None:
    request = connected(Connection(f"https://user:{'p' * 500}@example.com/"))
    assert "\n" not in (request.header("Authorization") or "\n")


def test_without_credentials_there_is_no_authorization() -> None:
    assert connected(Connection("https://@example.com/")).header("Authorization") is None


def test_a_callers_authorization_wins_over_the_url() -> None:
    request = connected(
        Connection("https://user:password@example.com/"), headers={"authorization": "Bearer t"}
    )
    assert [value for name, value in request.headers if name.lower() == "authorization"] == ["Bearer t"]


@pytest.mark.parametrize(("given", "sent"), [("get", "GET"), ("Post", "POST"), ("report", "REPORT")])
def test_a_method_is_sent_in_upper_case(given: str, sent: str) -> None:
    assert connected(Connection(URL, method=given)).method == sent


@pytest.mark.parametrize("method", ["", "GET ", "G T", "GET\r\n", "GÉT", None, b"GET", 7], ids=repr)
def test_an_invalid_method_is_refused(method: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Connection(URL, method=method)
    assert caught.value.name == "method"
    assert repr(method) in caught.value.reason


@pytest.mark.parametrize(
    ("json", "body"),
    [
        ({"a": [1, None, "é\n"]}, '{"a":[1,null,"é\\n"]}'.encode()),
        ({}, b"{}"),
        ([], b"[]"),
        (0, b"0"),
        (False, b"false"),
        ("", b'""'),
    ],
)
def test_json_is_sent_as_compact_utf_8(json: object, body: bytes) -> None:
    request = connected(Connection(URL, method="POST", json=json))
    assert request.body == body
    assert request.headers == (*DEFAULTS, ("Content-Type", "application/json"))


@pytest.mark.parametrize(
    ("content", "body", "content_type"),
    [
        ("grün", "grün".encode(), "text/plain; charset=utf-8"),
        ("a\r\nb\0", b"a\r\nb\0", "text/plain; charset=utf-8"),
        ("", b"", "text/plain; charset=utf-8"),
        (b"\xff", b"\xff", "application/octet-stream"),
        (b"", b"", "application/octet-stream"),
        (bytearray(b"a"), b"a", "application/octet-stream"),
        (memoryview(b"ab")[1:], b"b", "application/octet-stream"),
    ],
)
def test_content_is_sent_as_it_is(content: Any, body: bytes, content_type: str) -> None:
    request = connected(Connection(URL, method="POST", content=content))
    assert (request.body, type(request.body)) == (body, bytes)
    assert request.header("Content-Type") == content_type


def test_a_callers_content_type_wins() -> None:
    connection = Connection(URL, method="POST", content="a: 1")
    request = connected(connection, headers={"content-TYPE": "application/yaml"})
    values = [value for name, value in request.headers if name.lower() == "content-type"]
    assert values == ["application/yaml"]


def test_a_request_without_a_body_has_no_content_type() -> None:
    request = connected(Connection(URL, method="POST"))
    assert (request.body, request.header("Content-Type")) == (None, None)


def test_the_body_is_copied_at_construction() -> None:
    json: dict[str, int] = {"a": 1}
    content: Any = bytearray(b"a")
    with_json = Connection(URL, method="POST", json=json)
    with_content = Connection(URL, method="POST", content=content)
    json["a"] = 2
    content[:] = b"b"
    assert connected(with_json).body == b'{"a":1}'
    assert connected(with_content).body == b"a"


@pytest.mark.parametrize("method", ["GET", "get", "HEAD"])
def test_a_body_for_get_or_head_is_refused_with_a_hint(method: str) -> None:
    with pytest.raises(InvalidArgument, match=r'^json: (GET|HEAD) .*method="POST"'):
        Connection(URL, method=method, json={})
    with pytest.raises(InvalidArgument, match=r'^content: (GET|HEAD) .*method="POST"'):
        Connection(URL, method=method, content="")


@pytest.mark.parametrize("content", ["", b"", "a"])
def test_json_and_content_together_are_refused(content: bytes | str) -> None:
    with pytest.raises(InvalidArgument, match=r"^json: give json or content, not both"):
        Connection(URL, method="POST", json={}, content=content)


def test_invalid_json_is_refused() -> None:
    circle: list[object] = []
    circle.append(circle)
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for json in (float("nan"), float("inf"), object(), {1, 2}, b"a", {(1, 2): 3}, "\ud800", circle, deep):
        with pytest.raises(InvalidArgument) as caught:
            Connection(URL, method="POST", json=json)
        assert caught.value.name == "json"


@pytest.mark.parametrize("content", [7, {}, ["a"], "\ud800"], ids=repr)
def test_content_other_than_bytes_or_text_is_refused(content: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Connection(URL, method="POST", content=content)
    assert caught.value.name == "content"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("retry", {"retry": 5}),
        ("retry", {"retry": RetryPolicy}),
        ("at_end", {"at_end": "ignore"}),
        ("default_type", {"default_type": "a\nb"}),
        ("default_type", {"default_type": None}),
        ("until", {"until": 5}),
        ("until", {"until": b"[DONE]"}),
        ("sensitive_headers", {"sensitive_headers": "X-Token"}),
        ("max_event_size", {"max_event_size": 0}),
    ],
)
def test_other_invalid_arguments_are_refused_by_name(name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Connection(URL, **arguments)
    assert caught.value.name == name


@pytest.mark.parametrize(
    ("retry", "expected"),
    [
        (3, "RetryPolicy(max_attempts=3) or None, not int"),
        (0, "RetryPolicy or None, not int"),
        (True, "RetryPolicy or None, not bool"),
        ("3", "RetryPolicy or None, not str"),
    ],
)
def test_a_number_of_retries_is_refused_with_what_to_give(retry: Any, expected: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Connection(URL, retry=retry)
    assert str(caught.value) == f"retry: expected {expected}"


def test_a_header_given_twice_in_different_cases_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="headers: 'x-a' is given twice"):
        Connection("http://example.com/").connect({"X-A": "1", "x-a": "2"})


@pytest.mark.parametrize("headers", [["Accept"], "Accept", 5])
def test_headers_other_than_a_mapping_are_refused(headers: Any) -> None:
    with pytest.raises(InvalidArgument, match="headers: expected a mapping"):
        Connection("http://example.com/").connect(headers)


@pytest.mark.parametrize("names", [5, None, ["a", 5], "authorization"])
def test_invalid_sensitive_headers_are_refused(names: Any) -> None:
    with pytest.raises(InvalidArgument, match="sensitive_headers: expected names"):
        Connection("http://example.com/", sensitive_headers=names)
