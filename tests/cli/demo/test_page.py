"""The chat page as a file: self-contained, with a strict content security policy."""

from __future__ import annotations

import re

from sse_transports.cli.demo._page import page


def test_page_loads_nothing_from_other_servers() -> None:
    html = page()[1].decode()
    assert re.findall(r"""(?:src|href|action)=["'](?!data:)""", html) == []
    assert re.findall(r"url\(|@import|^import\b|\bimport\(", html, re.MULTILINE) == []


def test_text_never_becomes_html() -> None:
    html = page()[1].decode()
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", html) == []
    # The policy would block both.
    assert re.findall(r"""\s(?:on\w+|style)=["']""", html) == []


def test_policy_allows_only_the_pages_own_script_and_style() -> None:
    policy = dict(page()[0])["Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert rules["connect-src"] == "'self'"
    for kind in ("script-src", "style-src"):
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", rules[kind])
    assert "unsafe" not in policy
