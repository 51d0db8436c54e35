"""What the tests of embedding start from, and what none may leave behind: as the transports' own tests."""

from tests.sse_transports.conftest import no_proxy_of_this_machine, nothing_left_behind, quick_collections

__all__ = ["no_proxy_of_this_machine", "nothing_left_behind", "quick_collections"]
