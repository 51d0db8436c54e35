"""Plays one connection of a script on a socket."""

from __future__ import annotations

import zlib

from ._call import Call, encode_head
from ._plan import BODILESS_STATUSES, Plan
from ._script import End, NoAnswer, Refuse, Reset, Stall

GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS
FRAMING_HEADERS = {"content-length", "transfer-encoding"}


def serve(plan: Plan, call: Call) -> None:
    """Answer a request as planned. The caller closes the connection.

    Each chunk of the script is sent as one HTTP chunk, so that the client can tell a lost connection from a
    clean end. Where the script's own headers declare the length, the body is sent without chunks.

    Raises:
        OSError: the client closed the connection.
    """
    if plan.delay:
        call.wait(plan.delay)
    ending = plan.ending
    if plan.status is not None:
        _send_response(plan, plan.status, call)
    if isinstance(ending, (Refuse, Reset)):
        call.reset()
    elif isinstance(ending, (NoAnswer, Stall)):
        call.wait_until_gone()


def _send_response(plan: Plan, status: int, call: Call) -> None:
    names = {name.lower() for name, _ in plan.headers}
    is_chunked = status not in BODILESS_STATUSES and not names & FRAMING_HEADERS
    fields = [*plan.headers, ("Connection", "close")]
    if is_chunked:
        fields.append(("Transfer-Encoding", "chunked"))
    send = call.chunk if is_chunked else call.send
    # Clients decode header values as ISO-8859-1.
    call.send(encode_head(status, fields, "latin-1"))
    compressor = zlib.compressobj(wbits=GZIP_WINDOW_BITS) if plan.compressed else None
    for part in plan.body:
        if not isinstance(part, bytes):
            call.wait(part.seconds)
        elif compressor is None:
            send(part)
        else:
            send(compressor.compress(part) + compressor.flush(zlib.Z_SYNC_FLUSH))
    if isinstance(plan.ending, End):
        if compressor is not None:
            send(compressor.flush())
        if is_chunked:
            call.chunk(b"")
