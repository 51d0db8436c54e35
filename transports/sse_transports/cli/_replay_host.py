"""Whether the Host of a request names this machine."""

from __future__ import annotations

import ipaddress
import re

HOST = re.compile(r"(?P<name>\[[^\[\]]*\]|[^:\[\]]*)(?::\d*)?")


def is_local(host: str) -> bool:
    """Return whether a Host header names this machine: `localhost`, a name below it, or a loopback address.

    A web page can give a name of its own this machine's address (DNS rebinding). Its requests then come here,
    and the browser lets the page read the responses. The Host of these requests is the page's name.

    Args:
        host: the value of the header, with or without a port.
    """
    found = HOST.fullmatch(host)
    if found is None:
        return False
    name = found["name"].lower()
    # Browsers and RFC 6761, 6.3: names below localhost always lead to this machine.
    if name.removesuffix(".").rpartition(".")[2] == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
