"""The packages that are not always installed: the error if one is missing, and if a client is another's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sse_core import InvalidArgument

HTTP_CLIENTS = {
    ("httpx2", "Client"): "use Httpx2Transport, with EventSource",
    ("httpx2", "AsyncClient"): "use AsyncHttpx2Transport, with AsyncEventSource",
    ("aiohttp", "ClientSession"): "use AiohttpTransport, with AsyncEventSource",
}
"""The clients that a transport takes: which one."""


@contextmanager
def require(what: str, *packages: str, extra: str) -> Iterator[None]:
    """Say what to install if one of these packages is missing when the `with` block imports it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in packages:
            raise
        hint = f'{what} needs {error.name}: pip install "sse-core[{extra}]"'
        raise ModuleNotFoundError(hint, name=error.name) from error


def check_client(name: str, client: object, expected: type) -> None:
    """Check that a client of the caller's is of the class that a transport needs, or None.

    Raises:
        sse_core.InvalidArgument: it is not. The message says which client it is, and what to do.
    """
    if client is None or isinstance(client, expected):
        return
    module = expected.__module__.partition(".")[0]
    message = f"expected {module}.{expected.__name__}, not "
    if isinstance(client, type):
        raise InvalidArgument(name, f"{message}the class {client.__name__}; pass an instance")
    given = type(client)
    package = given.__module__.partition(".")[0]
    message += f"{package}.{given.__name__}" if package != "builtins" else given.__name__
    if (package, given.__name__) in HTTP_CLIENTS:
        message += f"; for that, {HTTP_CLIENTS[package, given.__name__]}"
    elif package == "httpx":
        message += f": the client is of httpx; this transport needs {module}, which is another package"
    raise InvalidArgument(name, message)
