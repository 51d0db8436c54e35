"""For tests: a real server on a real port that can misbehave in every way a real one does.

- `LocalServer`: runs a function for each request it gets, each in a thread of its own.
- `Call`: what that function is given: the request, and the means to answer it byte by byte.
- `check_transport`, `check_async_transport`: whether a transport does what event sources need of it.

Importing `sse_core` or `sse_transports` imports none of it, and no test framework is needed.
"""

from ._conformance import NonConforming, check_async_transport, check_transport
from ._local_server import Call, LocalServer

__all__ = ["Call", "LocalServer", "NonConforming", "check_async_transport", "check_transport"]
