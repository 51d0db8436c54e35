"""What the user can try after an error, for the end of its message."""

from __future__ import annotations

import ssl

from sse_core import ConnectError, HTTPStatusError, SSEError

from ._terminal import printable


def advice(error: SSEError) -> str:
    """Return what to try, to append to the message: the notes of the error, or what its kind suggests."""
    hint = "; ".join(getattr(error, "__notes__", ()))
    if not hint and isinstance(error, HTTPStatusError):
        hint = advice_for_status(error.status, error.header("Allow"))
    elif isinstance(error, ConnectError) and _is_certificate_error(error):
        hint = "--insecure connects without checking the certificate"
    return f"; {hint}" if hint else ""


def advice_for_status(status: int, allow: str | None) -> str:
    """Return what to try after a response with this status; `""` if that is not clear.

    Args:
        status: the status.
        allow: the value of the header Allow, if the response has it.
    """
    if status in (401, 403):
        return "pass a key with -H 'Authorization: Bearer KEY', or in a file with -H @FILE"
    if status == 405:
        return f"try -X {printable((allow or 'POST')[:100])}, or --json with a body"
    if status == 415:
        return "try --json, or give the type of the body with -H 'Content-Type: ...'"
    return ""


def _is_certificate_error(error: BaseException | None) -> bool:
    while error is not None:
        # urllib keeps the original error as `reason`; other clients chain it.
        if isinstance(getattr(error, "reason", error), ssl.SSLCertVerificationError):
            return True
        error = error.__cause__
    return False
