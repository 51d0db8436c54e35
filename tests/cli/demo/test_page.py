"""The chat page as a file: whole by itself, and with a policy that lets it do nothing else."""

from __future__ import annotations

import re

from sse_transports.cli.demo._page import page


def test_nothing_of_it_comes_from_elsewhere() -> None:
    html = page()[1].decode()
    assert re.findall(r"""(?:src|href|action)=["'](?!data:)""", html) == []
    assert re.findall(r"url\(|@import|\bimport\b", html) == []


def test_text_never_becomes_html() -> None:
    html = page()[1].decode()
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", html) == []
    # Neither would run with the policy.
    assert re.findall(r"""\s(?:on\w+|style)=["']""", html) == []


def test_its_policy_names_its_own_script_and_style_and_allows_no_other() -> None:
    policy = dict(page()[0])["Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert rules["connect-src"] == "'self'"
    for kind in ("script-src", "style-src"):
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", rules[kind])
    assert "unsafe" not in policy
