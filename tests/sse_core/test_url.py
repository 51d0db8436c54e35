"""URLs: normalized for a request, or refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import Connection, InvalidArgument
from tests.sse_core.driving import connected


def sent(url: str) -> str:
    connection = Connection(url)
    assert connection.url == connected(connection).url
    return connection.url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.com", "http://example.com/"),
        ("https://example.com?a=b", "https://example.com/?a=b"),
        ("HTTPS://Example.COM/Path", "https://example.com/Path"),
        ("  http://example.com/ ", "http://example.com/"),
        ("http://example.com/#part", "http://example.com/"),
        ("http://example.com/a?b#c?d", "http://example.com/a?b"),
        ("http://example.com/a b?c d", "http://example.com/a%20b?c%20d"),
        ("http://example.com/\tü/€?ö=😀", "http://example.com/%C3%BC/%E2%82%AC?%C3%B6=%F0%9F%98%80"),
        ('http://example.com/"<>{}|\\^`', "http://example.com/%22%3C%3E%7B%7D%7C%5C%5E%60"),
        ("http://example.com/\x01\x7f?\x1b", "http://example.com/%01%7F?%1B"),
        # The caller decides what is encoded; `%` stays as it is.
        ("http://example.com/%20%C3%BC?%zz%", "http://example.com/%20%C3%BC?%zz%"),
        ("http://example.com/a+b;c=d,e&f:@!$'()*~-._", "http://example.com/a+b;c=d,e&f:@!$'()*~-._"),
        ("http://example.com/?a[]=/?", "http://example.com/?a[]=/?"),
        ("http://example.com//a/../b", "http://example.com//a/../b"),
        ("http://example.com:8080/", "http://example.com:8080/"),
        ("http://example.com:80/", "http://example.com:80/"),
        ("http://example.com:/", "http://example.com/"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://BÜCHER.example:8080/", "http://xn--bcher-kva.example:8080/"),
        ("http://例え.テスト/", "http://xn--r8jz45g.xn--zckzah/"),
        ("http://127.0.0.1:9/", "http://127.0.0.1:9/"),
        ("http://[::1]/", "http://[::1]/"),
        ("http://[2001:DB8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
        ("http://user:password@example.com:81/", "http://example.com:81/"),
        ("http://a@b:c@example.com/", "http://example.com/"),
        ("http://under_score.example/", "http://under_score.example/"),
    ],
)
def test_a_url_is_normalized_for_a_request(url: str, expected: str) -> None:
    assert sent(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "example.com", "example.com/stream", "user:secret@example.com/", "//example.com/", "/stream",
        "localhost:8080",
        "ftp://example.com/", "ws://example.com/", "file:///etc/passwd", "javascript:alert(1)", "httpx://example.com/",
        "http:", "http:/", "http://", "http:///stream", "http:stream", "http://:80/", "http://user@/", "http://?a",
        "http://exa mple.com/", "http:// example.com/", 'http://exa"mple.com/', "http://exa<mple.com/", "http://a|b/",
        "http://exa\\mple.com/", "http://exa%6Dple.com/", "http://a^b/", "http://{a}/", "http://`a`/",
        "http://example.com:port/", "http://example.com:99999/", "http://example.com:-1/", "http://example.com:8:8/",
        "http://example.com:٣/", "http://example.com: 80/",
        "http://[::1/", "http://::1]/", "http://[]/", "http://[nonsense]/", "http://[fe80::1%25eth0]/",
        "http://a..b/", "http://.a/", "http://" + "a" * 64 + ".example/",
        # The request would go to another host than the one that is written there.
        "http://[v1.example.com]/", "http://[::1]example.com/", "http://example.com[::1]/", "http://[::1][::2]/",
        "http://bü..cher/", "http://ü" + "x" * 70 + "/", "http://\u00ad/", "http://exa\u2100mple.com/", "http://a\u3000b/",
        "http://example.com/\r", "http://example.com/\n", "http://exa\r\nmple.com/", "http://example.com/\0",
        "http://exa\x01mple.com/", "http://exa\x1bmple.com/", "http://example.com\x7f/",
        "http://example.com/\ud800", "http://\udc80.example/",
    ],
    ids=repr,
)  # fmt: skip
def test_an_invalid_url_is_refused_by_name(url: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Connection(url)
    assert caught.value.name == "url"


@pytest.mark.parametrize(
    ("url", "help"),
    [
        ("/feed", "'/feed' is not complete: give the whole URL, with http:// or https://"),
        ("example.com/feed", "is not complete: give the whole URL"),
        ("localhost:8080", "is not complete: give the whole URL"),
        ("ftp://example.com/", "does not begin with http:// or https://"),
        ("http+unix://%2Frun%2Fa.sock/", "needs a transport with an HTTP client of your own"),
        ("unix:/run/a.sock", "the URL then begins with http://localhost/"),
    ],
)
def test_a_refused_url_says_what_to_give(url: str, help: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Connection(url)
    assert help in str(caught.value)


@pytest.mark.parametrize("url", [None, 7, b"http://example.com/", ["http://example.com/"]], ids=repr)
def test_a_url_other_than_text_is_refused_by_name(url: Any) -> None:
    with pytest.raises(InvalidArgument, match="url: expected str"):
        Connection(url)


_parts = st.text(max_size=8)
_like_urls = st.one_of(
    st.text(),
    _parts.map("http://{}/a".format),
    st.tuples(_parts, _parts, _parts).map(lambda p: f"https://{p[0]}@{p[1]}:80/{p[2]}?{p[2]}#{p[0]}"),
    st.tuples(_parts, _parts).map(lambda p: f"http://example.com/{p[0]}?{p[1]}"),
)


@given(_like_urls)
def test_a_normalized_url_is_normalized_to_itself(url: str) -> None:
    try:
        ready = sent(url)
    except InvalidArgument:
        return
    assert ready.startswith(("http://", "https://"))
    assert all(" " < character < "\x7f" for character in ready)
    assert "#" not in ready
    assert "@" not in ready.split("/")[2]
    assert sent(ready) == ready


@pytest.mark.parametrize(
    "url", ["user:secret@example.com/", "ftp://user:secret@example.com/", "http://user:secret@exa mple.com/"]
)
def test_a_refused_url_is_shown_without_its_password(url: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Connection(url)
    assert "secret" not in str(caught.value)
    assert "example.com" in str(caught.value) or "mple.com" in str(caught.value)
