"""What the tests of the demo's services start from: no proxy, and nothing left behind."""

from __future__ import annotations

from tests.sse_transports.conftest import no_leaks, no_proxy_settings

__all__ = ["no_leaks", "no_proxy_settings"]
