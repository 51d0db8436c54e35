"""`check_transport` and `check_async_transport`: whether a transport keeps the rules of `_rules.py`."""

from __future__ import annotations

from collections.abc import Callable

from .._interface import AsyncTransport, Transport
from ._harness_base import RuleBroken


class NonConforming(AssertionError):
    """A transport, or a parser, breaks rules.

    Attributes:
        failures: name of each broken rule to the error that checking it raised.
        checked: the number of rules that were checked.
    """

    def __init__(self, failures: dict[str, Exception], checked: int) -> None:
        self.failures = failures
        self.checked = checked
        lines = "".join(f"\n- {rule}: {describe(error)}" for rule, error in failures.items())
        super().__init__(f"{len(failures)} of {checked} rules are broken:{lines}")


def check_transport(make: Callable[[], Transport], *, makes_connections: bool = True) -> list[str]:
    """Check that a transport carries event streams as `EventSource` needs it.

    Takes some seconds, and 15 more for each rule whose check does not return. Rules that cannot be checked on
    this system are skipped; the logger `sse_transports.testing` says why.

    Args:
        make: returns a new transport; called once for each rule.
        makes_connections: whether the transport makes its own connections. If the caller's HTTP client makes
            them, pass False: the rules about TCP keep-alive and several addresses are then skipped.

    Returns:
        The names of the rules that were checked, all of which the transport keeps.

    Raises:
        NonConforming: names the broken rules, and says how they are broken.
        sse_core.InvalidArgument: `make` is not a function, or does not return a blocking transport.
    """
    from ._rules import check_all

    return _names_or_raise(check_all(make, makes_connections=makes_connections))


async def check_async_transport(
    make: Callable[[], AsyncTransport], *, makes_connections: bool = True
) -> list[str]:
    """Check that a transport carries event streams as `AsyncEventSource` needs it.

    Runs on the event loop it is called on, asyncio or trio. Needs anyio. The arguments, the result and the
    errors are those of `check_transport`.
    """
    from ._async_rules import check_all

    return _names_or_raise(await check_all(make, makes_connections=makes_connections))


def _names_or_raise(results: dict[str, Exception | None]) -> list[str]:
    failures = {rule: error for rule, error in results.items() if error is not None}
    if failures:
        raise NonConforming(failures, len(results)) from next(iter(failures.values()))
    return list(results)


def describe(error: Exception) -> str:
    """Return the message of a broken rule; of any other error, its type too."""
    return str(error) if isinstance(error, RuleBroken) else repr(error)
