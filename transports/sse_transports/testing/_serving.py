"""One connection of a script being played on a socket."""

from __future__ import annotations

import zlib

from ._call import Call, head
from ._plan import BODILESS_STATUSES, Plan
from ._script import End, NoAnswer, Refuse, Reset, Stall

GZIP = 16 + zlib.MAX_WBITS
OWN_FRAMES = {"content-length", "transfer-encoding"}


def serve(plan: Plan, call: Call) -> None:
    """Answer a request as planned. Whoever calls it closes the connection.

    A body is sent in HTTP's chunks, one for each of the script's, so that a cut can be told from an end;
    but as it is where the script's own headers say how long it is.

    Raises:
        OSError: the client went away meanwhile.
    """
    if plan.before:
        call.wait(plan.before)
    ending = plan.ending
    if plan.status is not None:
        _answer(plan, plan.status, call)
    if isinstance(ending, (Refuse, Reset)):
        call.reset()
    elif isinstance(ending, (NoAnswer, Stall)):
        call.wait_until_gone()


def _answer(plan: Plan, status: int, call: Call) -> None:
    names = {name.lower() for name, _ in plan.headers}
    in_chunks = status not in BODILESS_STATUSES and not names & OWN_FRAMES
    fields = [*plan.headers, ("Connection", "close")]
    if in_chunks:
        fields.append(("Transfer-Encoding", "chunked"))
    send = call.chunk if in_chunks else call.send
    # What clients read them as.
    call.send(head(status, fields, "latin-1"))
    compressor = zlib.compressobj(wbits=GZIP) if plan.compressed else None
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
        if in_chunks:
            call.chunk(b"")
