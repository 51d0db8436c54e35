"""For tests: a real server on a real port that can misbehave in every way a real one does.

- `LocalServer`: runs a function for each request it gets, each in a thread of its own.
- `Call`: what that function is given: the request, and the means to answer it byte by byte.

Importing `sse_core` or `sse_transports` imports none of it.
"""

from ._local_server import Call, LocalServer

__all__ = ["Call", "LocalServer"]
