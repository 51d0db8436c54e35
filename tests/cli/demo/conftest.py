"""Fixtures for the tests of the demo: no proxy, and no leftover threads, sockets or warnings."""

from __future__ import annotations

from tests.sse_transports.conftest import no_leaks, no_proxy_settings

__all__ = ["no_leaks", "no_proxy_settings"]
