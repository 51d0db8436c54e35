"""The chat page: one file, and what a browser is told about it."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files


def page() -> tuple[list[tuple[str, str]], bytes]:
    """Return the header fields of the page, and the page.

    The policy lets it run its own script and style, named by their digests, and talk to its own server;
    nothing else, whatever text might get into it.
    """
    html = (files(__package__ or "") / "chat.html").read_text(encoding="utf-8")
    policy = {
        "default-src": "'none'",
        "script-src": _digest_of("script", html),
        "style-src": _digest_of("style", html),
        "img-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    fields = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", "; ".join(f"{name} {value}" for name, value in policy.items())),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
    ]
    return fields, html.encode()


def _digest_of(element: str, html: str) -> str:
    found = re.search(rf"<{element}>(.*?)</{element}>", html, re.DOTALL)
    assert found is not None, element  # noqa: S101  # the page is ours
    digest = hashlib.sha256(found[1].encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
