"""The chat page: one HTML file, and its response headers with a content security policy."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files


def page() -> tuple[list[tuple[str, str]], bytes]:
    """Return the response headers and the body of the page.

    The policy allows the page's own script and style, by their digests, and requests to its own server.
    Nothing else can run, even if a text were parsed as HTML.
    """
    html = (files(__package__ or "") / "chat.html").read_text(encoding="utf-8")
    policy = {
        "default-src": "'none'",
        "script-src": _digest("script", html),
        "style-src": _digest("style", html),
        "img-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", "; ".join(f"{name} {value}" for name, value in policy.items())),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
    ]
    return headers, html.encode()


def _digest(element: str, html: str) -> str:
    found = re.search(rf"<{element}>(.*?)</{element}>", html, re.DOTALL)
    assert found is not None, element  # noqa: S101  # our own page
    digest = hashlib.sha256(found[1].encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
