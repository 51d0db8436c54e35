"""Use the fixtures of the transports' tests, which also check for leaked threads and connections."""

from tests.sse_transports.conftest import fast_garbage_collection, no_leaks, no_proxy_settings

__all__ = ["fast_garbage_collection", "no_leaks", "no_proxy_settings"]
