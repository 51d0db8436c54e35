"""A certificate for a server of this machine, and what a client needs to trust it."""

from __future__ import annotations

import functools
import ssl

from .._extras import require


@functools.cache
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return TLS settings for a server of 127.0.0.1 and localhost, and for its clients.

    They are made once: keys take their time.

    Raises:
        ImportError: trustme is not installed; says what to install.
    """
    with require("SSEServer(tls=True)", "trustme", extra="testing"):
        import trustme
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client
