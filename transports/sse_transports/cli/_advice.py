"""What to try, where a server's refusal or a failure to connect says enough to know."""

from __future__ import annotations

import ssl

from sse_core import ConnectError, HTTPStatusError, SSEError

from ._terminal import printable


def advice(error: SSEError) -> str:
    """Return what to try, as the end of a line; `""` if that is not clear."""
    if isinstance(error, HTTPStatusError):
        return _for_status(error)
    if isinstance(error, ConnectError) and _is_about_the_certificate(error):
        return "; --insecure goes on without checking the certificate"
    return ""


def _for_status(error: HTTPStatusError) -> str:
    if error.status in (401, 403):
        return "; a key goes into -H 'Authorization: Bearer KEY', or into a file: -H @FILE"
    if error.status == 405:
        allowed = error.header("Allow") or "POST"
        return f"; try -X {printable(allowed[:100])}, or --json with a body"
    if error.status == 415:
        return "; try --json, or say with -H 'Content-Type: ...' what the body is"
    return ""


def _is_about_the_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(getattr(error, "reason", error), ssl.SSLCertVerificationError):
            return True
        error = error.__cause__
    return False
