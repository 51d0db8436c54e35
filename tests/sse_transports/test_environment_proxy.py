"""Which proxy the environment names for a URL, and which hosts need none."""

from __future__ import annotations

import urllib.request

import pytest

from sse_core import ConnectError
from sse_transports import _proxies
from sse_transports._proxies import environment_proxy, is_bypassed

PROXY = "http://proxy.test:3128"


def set_all(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    "variables",
    [
        {"http_proxy": PROXY},
        {"HTTP_PROXY": PROXY},
        {"all_proxy": PROXY},
        {"ALL_PROXY": PROXY},
        {"http_proxy": PROXY, "HTTP_PROXY": "http://other.test"},
        {"http_proxy": PROXY, "all_proxy": "http://other.test", "https_proxy": "http://other.test"},
        {"HTTP_PROXY": PROXY, "all_proxy": "http://other.test"},
        {"all_proxy": PROXY, "ALL_PROXY": "http://other.test"},
    ],
    ids=" ".join,
)
def test_variable_of_the_scheme_wins_then_lower_case(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, **variables)
    assert environment_proxy("http://stream.test/") == PROXY


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"https_proxy": PROXY},
        {"http_proxy": ""},
        {"http_proxy": "", "HTTP_PROXY": PROXY, "all_proxy": PROXY},
        # A CGI server sets it from a header of a request.
        {"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"},
    ],
    ids=" ".join,
)
def test_no_proxy_is_used_unless_one_is_named(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, **variables)
    assert environment_proxy("http://stream.test/") is None


@pytest.mark.parametrize(
    ("value", "proxy"),
    [
        ("proxy.test:3128", PROXY),
        (" http://proxy.test:3128/ ", PROXY),
        ("HTTP://proxy.test", "http://proxy.test:80"),
        ("user:pass@proxy.test.:", "http://user:pass@proxy.test.:80"),
        ("https://proxy.test", "https://proxy.test:443"),
        ("https://[::1]", "https://[::1]:443"),
        ("http://user:p%40ss@proxy.test:3128", "http://user:p%40ss@proxy.test:3128"),
        ("user:pass@[::1]:3128", "http://user:pass@[::1]:3128"),
    ],
)
def test_proxy_has_a_scheme_and_its_credentials(
    value: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", value)
    assert environment_proxy("https://stream.test/") == proxy


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("socks5://user:secret@127.0.0.1:9", "socks5://127.0.0.1:9"),
        ("socks5h://127.0.0.1:9", "socks5h://127.0.0.1:9"),
        ("ftp://user:secret@host", "ftp://host"),
        ("http://user:secret", "http://user"),
        ("user:secret", "user"),
        ("http://user:secret@", "http://"),
        ("http://user:sec/ret@:99", "http://:99"),
        ("http://user:secret@host:port", "http://host"),
        ("http://user:secret@host:99999", "http://host:99999"),
        ("http://user:secret@host:0", "http://host:0"),
        ("http://user:secret@[::1", "http://["),
        ("http://user:secret@ho st", "http://ho st"),
        ("http://user:secret@.", "http://."),
        ("http://user:secret@proxy..test:99", "http://proxy..test:99"),
        (f"http://user:secret@{'a' * 64}.test", f"http://{'a' * 64}.test"),
        ("http://", "http://"),
    ],
)
def test_unusable_proxy_is_final_and_named_without_secrets(
    value: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", value)
    with pytest.raises(ConnectError, match="ALL_PROXY") as caught:
        environment_proxy("http://stream.test/")
    assert caught.value.final
    assert repr(shown) in str(caught.value)
    assert "secret" not in str(caught.value)


def test_proxy_name_longer_than_a_host_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "a." * 125 + "com.")
    assert environment_proxy("http://stream.test/") == f"http://{'a.' * 125}com.:80"
    monkeypatch.setenv("http_proxy", "a." * 126 + "co")
    with pytest.raises(ConnectError, match="the proxy") as caught:
        environment_proxy("http://stream.test/")
    assert caught.value.final


def test_kind_that_the_caller_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "https://proxy.test")
    with pytest.raises(ConnectError, match="http_proxy") as caught:
        environment_proxy("http://stream.test/", kinds=("http",))
    assert caught.value.final


@pytest.mark.parametrize("bypassed", [False, True])
def test_system_settings_count_where_no_variable_does(
    bypassed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_proxies, "HAS_SYSTEM_SETTINGS", True)
    monkeypatch.setattr(urllib.request, "getproxies", lambda: {"http": PROXY})
    monkeypatch.setattr(urllib.request, "proxy_bypass", lambda host: host == "stream.test" and bypassed)
    assert environment_proxy("http://stream.test/") == (None if bypassed else PROXY)
    monkeypatch.setenv("http_proxy", "http://other.test")
    assert environment_proxy("http://stream.test/") == "http://other.test:80"


# What `no_proxy` lists.


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_unusable_proxy_does_not_matter_to_a_bypassed_host(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, **{"ALL_PROXY": "socks5://127.0.0.1:9", name: "stream.test"})
    assert environment_proxy("http://stream.test/") is None


@pytest.mark.parametrize(
    ("entries", "url"),
    [
        ("*", "http://stream.test/"),
        ("stream.test", "http://stream.test:8080/"),
        ("Stream.TEST", "http://STREAM.test/"),
        ("stream.test", "http://stream.test./"),
        ("other.test, stream.test", "http://stream.test/"),
        ("other.test stream.test", "http://stream.test/"),
        ("stream.test", "http://a.b.stream.test/"),
        (".stream.test", "http://a.stream.test/"),
        ("*.stream.test", "http://a.stream.test/"),
        ("stream.test:8080", "http://stream.test:8080/"),
        ("stream.test:80", "http://stream.test/"),
        ("stream.test:443", "https://stream.test/"),
        ("127.0.0.1", "http://127.0.0.1:8080/"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("10.0.0.0/8", "http://10.1.2.3/"),
        ("10.1.2.3/8", "http://10.9.9.9/"),
        ("::1", "http://[::1]:8080/"),
        ("[::1]", "http://[::1]:8080/"),
        ("[::1]:8080", "http://[::1]:8080/"),
        ("fe80::/10", "http://[fe80::1%25eth0]/"),
        ("0:0:0:0:0:0:0:1", "http://[::1]/"),
        ("10.0.0.0/99,stream.test", "http://stream.test/"),
    ],
)
def test_bypassed_host_needs_no_proxy(entries: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", entries)
    assert is_bypassed(url)


@pytest.mark.parametrize(
    ("entries", "url"),
    [
        ("", "http://stream.test/"),
        (" , ,", "http://stream.test/"),
        ("stream.test", "http://mystream.test/"),
        ("a.stream.test", "http://stream.test/"),
        ("stream.test:8080", "http://stream.test/"),
        ("stream.test:80", "https://stream.test/"),
        ("127.0.0.1:80", "http://127.0.0.1:8080/"),
        ("10.0.0.0/8", "http://11.0.0.1/"),
        ("10.0.0.0/8", "http://[::1]/"),
        ("10.0.0.0/8", "http://a10.test/"),
        ("0.0.1", "http://127.0.0.1/"),
        ("[::1]:80", "http://[::1]:8080/"),
        (".", "http://stream.test/"),
    ],
)
def test_other_hosts_are_not_bypassed(entries: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", entries)
    assert not is_bypassed(url)


def test_lower_case_no_proxy_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, no_proxy="", NO_PROXY="*")
    assert not is_bypassed("http://stream.test/")
