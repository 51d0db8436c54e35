"""What the tests of embedding start from, and what none may leave behind: as the transports' own tests."""

from tests.sse_transports.conftest import fast_garbage_collection, no_leaks, no_proxy_settings

__all__ = ["fast_garbage_collection", "no_leaks", "no_proxy_settings"]
