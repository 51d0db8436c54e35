"""When to try again, and how long to wait first: a frozen value and its arithmetic.

The policy has no state. `Connection` counts attempts, waits and seconds, and passes them in, together with
a random number. So a policy can be shared by many connections, and the same arguments give the same delay.
"""

from __future__ import annotations

from ._checks import LARGEST_FLOAT, check_number, check_set, is_token
from ._errors import InvalidArgument
from ._values import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# RFC 9110, 9.2.1: "Request methods are considered 'safe' if their defined semantics are essentially
# read-only". To send such a request again is harmless. These are safe in IANA's registry of methods.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY"})

# Statuses that may be gone a moment later: the server or a gateway is busy, restarting, or asks to wait.
# RFC 9110, 15: "a client MUST understand the class of any status code [...] and treat an unrecognized status
# code as being equivalent to the x00 status code of that class". Gateways have many of their own above 504.
# These three will not change: not implemented, HTTP version not supported, and a captive portal's login page.
TEMPORARY_STATUSES = frozenset({408, 425, 429, *range(500, 600)} - {501, 505, 511})


class RetryPolicy(Record):
    """What an event source does when a connection ends or fails. Has no state, clock or randomness.

    Args:
        initial_delay: seconds before the first reconnection, until the server sends a `retry` value.
            No wait is shorter, unless the server asks for that.
        max_delay: seconds; the longest wait, except for a longer Retry-After.
        factor: what each further wait is multiplied by while no event arrives.
        jitter: the share by which a wait is lengthened at random, so that clients that were
            disconnected together do not reconnect together: 0.5 adds up to half. Waits stop growing
            where this leaves room for it below `max_delay`, or at the first wait if that is longer.
        min_delay: seconds; the shortest wait, whatever the server asks for.
        max_attempts: connections in a row without an event after which `RetriesExhausted` is
            raised; None for no limit. Attempts that the caller decided on count too: to renew a
            token once takes two.
        max_elapsed: seconds without an event, from the first failure on, after which no further
            attempt is begun and `RetriesExhausted` is raised; None for no limit.
        max_retry_after: seconds; a longer Retry-After is not waited for: the `HTTPStatusError` is
            raised at once. One up to `max_delay` always is.
        statuses: HTTP status codes after which to try again: 408, 425, 429, and every 5xx but 501, 505
            and 511. What is given replaces these; to add one, pass `RetryPolicy().statuses | {404}`.
        reconnect_on_close: whether to reconnect when the server ends the stream cleanly. None:
            yes for methods that may be sent again, no for others.
        allowed_methods: the HTTP methods that may be sent again. By default the safe ones of RFC 9110
            (GET, HEAD, OPTIONS, TRACE) and of IANA's registry (PROPFIND, REPORT, SEARCH, QUERY). Add
            POST only if the server recognizes a request that it has seen: otherwise it does the work
            again.

    Raises:
        InvalidArgument: naming the value that is out of its range.

    WHATWG HTML 9.2.3, "reestablish the connection".
    """

    initial_delay: float
    max_delay: float
    factor: float
    jitter: float
    min_delay: float
    max_attempts: int | None
    max_elapsed: float | None
    max_retry_after: float
    statuses: frozenset[int]
    allowed_methods: frozenset[str]
    reconnect_on_close: bool | None
    # The fields above.
    __slots__ = tuple(__annotations__)

    def __init__(
        self,
        *,
        initial_delay: float = 1.0,
        max_delay: float = 30.0,
        factor: float = 2.0,
        jitter: float = 0.5,
        min_delay: float = 0.1,
        max_attempts: int | None = None,
        max_elapsed: float | None = None,
        max_retry_after: float = 3600.0,
        statuses: Iterable[int] = TEMPORARY_STATUSES,
        allowed_methods: Iterable[str] = SAFE_METHODS,
        reconnect_on_close: bool | None = None,
    ) -> None:
        check_number("min_delay", min_delay, 0)
        check_number("max_delay", max_delay, 0)
        if max_delay < min_delay:
            raise InvalidArgument("max_delay", f"{max_delay:g} is less than min_delay, {min_delay:g}")
        check_number("initial_delay", initial_delay, 0)
        # It would have to be shortened.
        if initial_delay > max_delay:
            raise InvalidArgument(
                "initial_delay",
                f"{initial_delay:g} is more than max_delay, {max_delay:g}: change one of both",
            )
        # Below 1, waits would shrink while the server is down.
        check_number("factor", factor, 1)
        check_number("jitter", jitter, 0)
        # 0 attempts would forbid the first one too.
        if max_attempts is not None:
            check_number("max_attempts", max_attempts, 1)
            if not isinstance(max_attempts, int):
                raise InvalidArgument("max_attempts", f"expected an int, not {max_attempts!r}")
        if max_elapsed is not None:
            check_number("max_elapsed", max_elapsed, 0)
        check_number("max_retry_after", max_retry_after, 0)
        statuses = check_set("statuses", statuses, lambda status: isinstance(status, int), "a set of ints")
        methods = check_set("allowed_methods", allowed_methods, is_token, "a set of HTTP methods")
        allowed_methods = frozenset(method.upper() for method in methods)
        self._set(locals())

    def __repr__(self) -> str:
        # Without the defaults: of nearly a hundred statuses, most lines of a log would show nothing else.
        defaults = RetryPolicy()._fields()
        given = (f"{name}={value!r}" for name, value in self._fields().items() if value != defaults[name])
        return f"RetryPolicy({', '.join(given)})"

    @classmethod
    def browser(cls) -> RetryPolicy:
        """Return the policy of WHATWG's EventSource, as browsers have it.

        A fixed reconnection time, 3 seconds until the server sends another ("probably in the
        region of a few seconds"), obeyed from 0 ms up to what a timer can hold (2**31 - 1 ms); no
        growth, no jitter, no limit of attempts; and a status other than 200 is final.
        """
        longest = (2**31 - 1) / 1000
        return cls(
            initial_delay=3.0, max_delay=longest, factor=1.0, jitter=0.0, min_delay=0.0, statuses=frozenset()
        )

    def delay(
        self, waits: int, *, random: float, retry: int | None = None, retry_after: float | None = None
    ) -> float:
        """Return the seconds to wait before the next attempt.

        Args:
            waits: how many waits there were since the last event.
            random: a number from 0 up to 1, for the jitter.
            retry: the server's last `retry` value in milliseconds, or None.
            retry_after: seconds that Retry-After asks for, or None. More than `longest_retry_after` counts
                as that.

        The wait begins at `retry` (or at `initial_delay`), grows, and is lengthened at random. It is always
        within `min_delay` and `max_delay`, and not shorter than the server asked for: at a Retry-After, that
        goes beyond `max_delay`.
        """
        # The default policy waits 1, 2, 4, 8, 16, 20, 20, ... seconds, without jitter. After `retry: 3000`
        # it waits 3, 6, 12, 20, 20, ... seconds.
        first = self.initial_delay if retry is None else retry / 1000
        # Start at `min_delay` at least: 0 times any factor is 0, so `retry: 0` would never grow.
        first = min(max(first, self.min_delay), self.max_delay)
        try:
            growth = float(self.factor) ** waits
        except OverflowError:
            # After some thousand failures in a row. The product is above any cap by then.
            growth = LARGEST_FLOAT
        # "Optionally, wait some more. In particular, if the previous attempt failed, then user agents might
        # introduce an exponential backoff delay". Growth leaves room for the jitter: otherwise clients whose
        # waits have all grown to the cap would reconnect together. The first wait is not shortened for that.
        wait = max(first, min(first * growth, self.max_delay / (1 + self.jitter)))
        # Jitter applies to the server's values too: it may have sent the same one to many clients.
        if retry_after is not None and retry_after > wait:
            wait = min(retry_after, self.longest_retry_after)
            # At most `max_delay` more: half an hour after an hour would spread the clients no better.
            return wait + min(wait * self.jitter, self.max_delay) * random
        return min(wait + min(wait * self.jitter, self.max_delay - wait) * random, self.max_delay)

    @property
    def longest_retry_after(self) -> float:
        """The longest Retry-After in seconds to wait for; `max_retry_after`, or `max_delay` if longer."""
        return max(self.max_retry_after, self.max_delay)

    def allows(self, *, attempts: int, elapsed: float) -> bool:
        """Return whether there may be another attempt.

        Args:
            attempts: connections in a row without an event.
            elapsed: seconds between the first failure and the start of the next attempt.
        """
        return (self.max_attempts is None or attempts < self.max_attempts) and (
            self.max_elapsed is None or elapsed <= self.max_elapsed
        )
