"""Fixtures for the tests of the demo: no proxy, and no leftover threads, sockets or warnings."""

from __future__ import annotations

from tests.sse_transports.conftest import no_proxy_of_this_machine, nothing_left_behind

__all__ = ["no_proxy_of_this_machine", "nothing_left_behind"]
