"""The proxy for a URL: which one the environment names, whether it can be used, and which hosts need none.

Every transport asks here, so that all HTTP clients use the same proxies. The rules of the variables are
conventions of curl and of the standard library; no RFC has them.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from sse_core import ConnectError

SUPPORTED_KINDS = ("http", "https")

HAS_SYSTEM_SETTINGS: bool = sys.platform in {"darwin", "win32"}

DEFAULT_PORTS = {"http": 80, "https": 443}

MAX_HOST = 253
"""The longest name of a host in bytes (RFC 1035, 2.3.4), without a dot at the end."""

# What a message shows of a proxy's address. Not the user, the password, nor anything that is no port where a
# port should be: it may be a password whose host is missing.
SHOWN_PARTS = re.compile(
    r"(?P<kind>[^:/]*://)?(?:.*@)?(?P<host>\[[^]]*\]|[^:/?#]*)(?P<port>:\d{1,5}(?!\d))?", re.DOTALL
)


def environment_proxy(url: str, kinds: Collection[str] = SUPPORTED_KINDS) -> str | None:
    """Return the URL of the proxy that the environment names for `url`, or None for a direct connection.

    `http_proxy` or `https_proxy`, by the scheme of `url`, then `all_proxy`; each in lower case or else in
    upper case. Without any of them, macOS and Windows are asked for their settings. Hosts in `no_proxy` need
    no proxy: see `is_bypassed`.

    Args:
        url: what is requested; http or https.
        kinds: the schemes of proxies that the caller can use.

    Returns:
        `http://` or `https://`, the credentials as they are written in the variable, the host and the port.

    Raises:
        sse_core.ConnectError: the proxy cannot be used; `final`, as another attempt would fail the same way.
    """
    parts = urlsplit(url)
    variable, value = _setting(parts.scheme) or _setting("all") or _system_setting(parts)
    if not value or is_bypassed(url):
        return None
    return usable_proxy(value, variable, kinds)


def is_bypassed(url: str) -> bool:
    """Return whether `no_proxy` (or `NO_PROXY`) says that `url` needs no proxy.

    It lists, separated by commas or blanks: hosts, which stand for their subdomains too; the same with a
    leading dot; `host:port`; IP addresses and networks (`10.0.0.0/8`); `*` for all.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    _, entries = _setting("no") or ("", "")
    return any(_matches(entry, host, port) for entry in re.split(r"[,\s]+", entries.lower()) if entry)


def usable_proxy(value: str, source: str, kinds: Collection[str] = SUPPORTED_KINDS) -> str:
    """Return the URL of a proxy from the text of a setting: `proxy.example:3128` means `http://`.

    Without a port, it gets the default port of its scheme: HTTP clients would choose different ones.

    Args:
        value: the text.
        source: the name of the setting, for the error.
        kinds: the schemes of proxies that the caller can use.

    Raises:
        sse_core.ConnectError: the proxy cannot be used; `final`. The message has no credentials.
    """
    kind, separator, address = value.strip().partition("://")
    if not separator:
        kind, address = "http", value.strip()
    kind = kind.lower()
    if kind not in kinds:
        supported = " and ".join(f"{name}://" for name in kinds)
        raise _unusable(source, value, f"is of a kind that is not supported ({supported} are)")
    try:
        parts = urlsplit(f"{kind}://{address}")
        port = DEFAULT_PORTS[kind] if parts.port is None else parts.port
        # The codec refuses empty and overlong labels, as the resolver would.
        host = (parts.hostname or "").encode("idna").removesuffix(b".")
        usable = (
            0 < len(host) <= MAX_HOST and port != 0 and parts.netloc.isprintable() and " " not in parts.netloc
        )
    except ValueError:
        # An unclosed bracket, a port that is no number up to 65535, or a name that is no host name.
        usable = False
    if not usable:
        raise _unusable(source, value, "is not an address with a host and a valid port") from None
    netloc = parts.netloc if parts.port is not None else f"{parts.netloc.removesuffix(':')}:{port}"
    return f"{kind}://{netloc}"


def _unusable(source: str, value: str, fault: str) -> ConnectError:
    shown = SHOWN_PARTS.match(value.strip())
    assert shown is not None  # noqa: S101  # every part of the pattern may be empty
    address = "".join(part or "" for part in shown.group("kind", "host", "port"))
    return ConnectError(f"the proxy {address!r} of {source} {fault}", final=True)


def _setting(name: str) -> tuple[str, str] | None:
    """Return the variable `<name>_proxy` and its value. The one in lower case wins, even if it is empty."""
    for variable in (f"{name}_proxy", f"{name}_proxy".upper()):
        # A CGI server passes a request's header `Proxy` on as HTTP_PROXY: a client could choose the proxy.
        if variable == "HTTP_PROXY" and "REQUEST_METHOD" in os.environ:
            continue
        if variable in os.environ:
            return variable, os.environ[variable].strip()
    return None


def _system_setting(url: SplitResult) -> tuple[str, str]:
    """Return the proxy in the settings of macOS or Windows, if it has such and they name one."""
    if not HAS_SYSTEM_SETTINGS:
        return "", ""
    # Imported here, as it takes longer than all else in this file.
    from urllib import request

    if request.proxy_bypass(url.hostname or ""):
        return "", ""
    return "the system's settings", request.getproxies().get(url.scheme, "")


def _matches(entry: str, host: str, port: int | None) -> bool:
    """Return whether an entry of `no_proxy`, in lower case, means this host and port."""
    if entry == "*":
        return True
    address = _address(host)
    if address is not None and _is_in_network(address, entry):
        return True
    # `[::1]:8080` and `host:8080`; an IPv6 address without brackets has no port.
    name, _, entry_port = entry.rpartition(":")
    if entry_port.isdigit() and (":" not in name or name.endswith("]")):
        if entry_port != str(port):
            return False
        entry = name
    if address is not None:
        return _is_in_network(address, entry.strip("[]"))
    suffix = entry.removeprefix("*").strip(".")
    return bool(suffix) and (host == suffix or host.endswith(f".{suffix}"))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        # Without the interface of a link-local address.
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_in_network(address: ipaddress.IPv4Address | ipaddress.IPv6Address, entry: str) -> bool:
    try:
        # Also for a single address, which is a network of one.
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
