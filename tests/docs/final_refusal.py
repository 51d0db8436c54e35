"""A connection that fails for good, as with a certificate that is not accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sse_core import ConnectError
from sse_transports.testing import ScriptedTransport

if TYPE_CHECKING:
    from sse_core import Request
    from sse_transports.testing._plan import Plan


class FinalRefusal(ScriptedTransport):
    """Plays a script, but its first request gets an error that no other attempt can avoid."""

    def next_plan(self, request: Request) -> Plan:
        plan = super().next_plan(request)
        if len(self.requests) == 1:
            raise ConnectError("certificate verify failed: certificate has expired", final=True)
        return plan
