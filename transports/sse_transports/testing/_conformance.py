"""What every transport must do, checked against a real server on this machine."""

from __future__ import annotations

from collections.abc import Callable

from .._interface import AsyncTransport, Transport
from ._bench import Bench, BlockingBench, Broken, at_once
from ._rules import RULES


class NonConforming(AssertionError):
    """A transport, or a parser, does not do what it must.

    Attributes:
        failures: rule to the error that checking it raised.
        checked: how many rules were checked.
    """

    def __init__(self, failures: dict[str, Exception], checked: int) -> None:
        self.failures = failures
        self.checked = checked
        told = "".join(f"\n- {rule}: {_told(error)}" for rule, error in failures.items())
        super().__init__(f"{len(failures)} of {checked} rules are broken:{told}")


def check_transport(make: Callable[[], Transport]) -> list[str]:
    """Check that a transport carries event streams as `EventSource` needs it.

    Takes some seconds, and 15 more for each rule that it waits for in vain.

    Args:
        make: returns a new transport; called once for each rule.

    Returns:
        The rules that were checked, all of them kept.

    Raises:
        NonConforming: says which rules are broken, and how.
        sse_core.InvalidArgument: `make` is no function, or returns no blocking transport.
    """
    return at_once(_check_all(lambda: BlockingBench(make)))


async def check_async_transport(make: Callable[[], AsyncTransport]) -> list[str]:
    """Check that a transport carries event streams as `AsyncEventSource` needs it.

    Takes some seconds, and 15 more for each rule that it waits for in vain. Runs on the event loop it
    is called on, asyncio or trio. Needs anyio.

    Args:
        make: returns a new transport; called once for each rule.

    Returns:
        The rules that were checked, all of them kept.

    Raises:
        NonConforming: says which rules are broken, and how.
        sse_core.InvalidArgument: `make` is no function, or returns no async transport.
    """
    from ._async_bench import AsyncBench

    return await _check_all(lambda: AsyncBench(make))


async def _check_all(bench: Callable[[], Bench]) -> list[str]:
    failures = {}
    for rule in RULES:
        at_work = bench()
        try:
            await at_work.tell(rule.story)
        except Exception as error:  # noqa: BLE001  # all rules are checked, and all failures told
            failures[rule.name] = error
    if failures:
        raise NonConforming(failures, len(RULES)) from next(iter(failures.values()))
    return [rule.name for rule in RULES]


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, Broken) else repr(error)
