"""Use the fixtures of the transports' tests, which also check for leaked threads and connections."""

from tests.sse_transports.conftest import no_proxy_of_this_machine, nothing_left_behind, quick_collections

__all__ = ["no_proxy_of_this_machine", "nothing_left_behind", "quick_collections"]
