"""A certificate for a server on this machine, and TLS settings for clients that trust it."""

from __future__ import annotations

import functools
import ssl

from .._extras import require


@functools.cache
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return TLS settings for a server of 127.0.0.1 and localhost, and for its clients.

    Cached, because making keys is slow.

    Raises:
        ImportError: trustme is not installed; names what to install.
    """
    with require("SSEServer(tls=True)", "trustme", extra="testing"):
        import trustme
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client
