"""How long a policy waits: a table of delays, and properties of every policy for any server values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sse_core import RetryPolicy

LARGEST_RETRY = 10**18 - 1
ALMOST_ONE = 1 - 2**-53

randoms = st.floats(0, ALMOST_ONE)
waits = st.one_of(st.integers(0, 40), st.integers(0, 10**6))
retries = st.one_of(st.none(), st.integers(0, 60_000), st.integers(0, LARGEST_RETRY))
retry_afters = st.one_of(st.none(), st.floats(0, 100), st.floats(0, 1e300))


@st.composite
def policies(draw: st.DrawFn) -> RetryPolicy:
    min_delay = draw(st.floats(0, 60))
    max_delay = min_delay + draw(st.floats(0, 1e6))
    return RetryPolicy(
        initial_delay=draw(st.one_of(st.just(0.0), st.just(max_delay), st.floats(0, max_delay))),
        min_delay=min_delay,
        max_delay=max_delay,
        max_retry_after=draw(st.floats(0, 1e6)),
        factor=draw(st.one_of(st.floats(1, 4), st.floats(1, 1e300))),
        jitter=draw(st.one_of(st.floats(0, 1), st.floats(0, 1e6))),
    )


@pytest.mark.parametrize(
    ("waits", "random", "retry", "retry_after", "seconds"),
    [
        # Without server values: it doubles, up to the cap, which leaves room for the jitter below 30 s.
        (0, 0.0, None, None, 1.0),
        (0, 0.5, None, None, 1.25),
        (1, 0.0, None, None, 2.0),
        (4, 0.0, None, None, 16.0),
        (5, 0.0, None, None, 20.0),
        (5, 0.5, None, None, 25.0),
        (10**6, 0.0, None, None, 20.0),
        # The server's `retry` takes the place of the first delay, and grows as that would.
        (0, 0.0, 4000, None, 4.0),
        (1, 0.5, 4000, None, 10.0),
        (0, 0.0, 50, None, 0.1),
        # The wait is never shorter than that, also if the cap is; only `max_delay` shortens it.
        (9, 0.0, 25_000, None, 25.0),
        (0, 0.0, 25_000, None, 25.0),
        (0, 0.0, 45_000, None, 30.0),
        (0, 0.0, LARGEST_RETRY, None, 30.0),
        # `retry: 0` grows from `min_delay`.
        (0, 0.0, 0, None, 0.1),
        (1, 0.0, 0, None, 0.2),
        (5, 0.0, 0, None, 3.2),
        # Retry-After is a minimum, not a start. Jitter applies, because many clients got the same value.
        # `max_delay` does not shorten it.
        (0, 0.0, None, 7.0, 7.0),
        (0, 0.5, None, 7.0, 8.75),
        (0, 0.0, None, 0.0, 1.0),
        (4, 0.0, None, 7.0, 16.0),
        (0, 0.0, 9000, 7.0, 9.0),
        (0, 0.0, None, 30.0, 30.0),
        (0, 0.5, None, 30.0, 37.5),
        (0, 0.0, None, 120.0, 120.0),
        (0, 0.5, None, 120.0, 135.0),
        (9, 0.0, 45_000, 120.0, 120.0),
        (0, 0.0, None, 3600.0, 3600.0),
        # Longer ones are not waited for, so this is the longest wait.
        (0, 0.0, None, 1e18, 3600.0),
        (0, 0.0, None, float("inf"), 3600.0),
    ],
)
def test_the_default_policy_waits(
    waits: int, random: float, retry: int | None, retry_after: float | None, seconds: float
) -> None:
    delay = RetryPolicy().delay(waits, random=random, retry=retry, retry_after=retry_after)
    assert delay == pytest.approx(seconds)


@given(randoms)
@example(0.0)
@example(ALMOST_ONE)
def test_the_first_wait_is_1_to_1_5_seconds(random: float) -> None:
    assert 1.0 <= RetryPolicy().delay(0, random=random) <= 1.5


@given(policies(), waits, randoms, retries)
@example(RetryPolicy(), 10**6, ALMOST_ONE, LARGEST_RETRY)
@example(RetryPolicy(initial_delay=0.0, min_delay=0.0), 10**6, 0.0, 0)
def test_a_wait_is_within_the_policys_bounds(
    policy: RetryPolicy, waits: int, random: float, retry: int | None
) -> None:
    delay = policy.delay(waits, random=random, retry=retry)
    assert policy.min_delay <= delay <= policy.max_delay


@given(policies(), waits, randoms, retries, retry_afters)
@example(RetryPolicy(), 10**6, ALMOST_ONE, LARGEST_RETRY, 1e300)
def test_retry_after_lengthens_a_wait_up_to_its_own_bound(
    policy: RetryPolicy, waits: int, random: float, retry: int | None, retry_after: float | None
) -> None:
    delay = policy.delay(waits, random=random, retry=retry, retry_after=retry_after)
    longest = max(policy.max_delay, policy.max_retry_after)
    assert policy.longest_retry_after == longest
    assert min(retry_after or 0.0, longest) <= delay <= longest + policy.max_delay


@given(policies(), waits, randoms, retries)
def test_a_wait_is_at_least_what_the_server_asked(
    policy: RetryPolicy, waits: int, random: float, retry: int | None
) -> None:
    delay = policy.delay(waits, random=random, retry=retry)
    assert delay >= min((retry or 0) / 1000, policy.max_delay)


@given(policies(), waits, randoms)
@example(RetryPolicy(initial_delay=25), 0, 0.0)
@example(RetryPolicy(initial_delay=30), 0, 0.0)
def test_no_wait_is_shorter_than_initial_delay(policy: RetryPolicy, waits: int, random: float) -> None:
    assert policy.delay(waits, random=random) >= policy.initial_delay


@pytest.mark.parametrize(
    ("initial_delay", "waits", "random", "seconds"),
    [
        (25, 0, 0.0, 25.0),
        (25, 0, 0.5, 27.5),
        (25, 9, 0.0, 25.0),
        (25, 9, 0.75, 28.75),
        (20, 0, 0.5, 25.0),
        (18, 1, 0.0, 20.0),
        (30, 0, 0.0, 30.0),
        (30, 9, 0.9, 30.0),
    ],
)
def test_a_first_wait_near_the_cap_has_the_jitter_that_fits(
    initial_delay: float, waits: int, random: float, seconds: float
) -> None:
    policy = RetryPolicy(initial_delay=initial_delay)
    assert policy.delay(waits, random=random) == pytest.approx(seconds)


@given(policies(), waits, retries)
def test_waits_grow_by_the_factor_up_to_the_cap(policy: RetryPolicy, waits: int, retry: int | None) -> None:
    this = policy.delay(waits, random=0.0, retry=retry)
    following = policy.delay(waits + 1, random=0.0, retry=retry)
    longest = max(this, policy.delay(10**6, random=0.0, retry=retry)) if policy.factor > 1.001 else None
    if longest is None:
        assert this <= following
    elif this > 0:
        assert following == pytest.approx(min(this * policy.factor, longest))


@given(policies(), waits, st.tuples(randoms, randoms).map(sorted), retries, retry_afters)
def test_a_larger_random_number_never_shortens_a_wait(
    policy: RetryPolicy, waits: int, random: list[float], retry: int | None, retry_after: float | None
) -> None:
    delays = [policy.delay(waits, random=r, retry=retry, retry_after=retry_after) for r in random]
    assert delays == sorted(delays)


@given(randoms, waits)
def test_waits_at_the_cap_still_have_jitter(random: float, waits: int) -> None:
    """Otherwise clients that were disconnected together would reconnect together in the end."""
    delay = RetryPolicy().delay(waits + 5, random=random)
    assert delay == pytest.approx(20 * (1 + random / 2))


@given(policies(), waits, randoms)
def test_without_jitter_the_random_number_is_ignored(policy: RetryPolicy, waits: int, random: float) -> None:
    without_jitter = RetryPolicy(
        initial_delay=policy.initial_delay,
        max_delay=policy.max_delay,
        factor=policy.factor,
        jitter=0.0,
        min_delay=policy.min_delay,
    )
    assert without_jitter.delay(waits, random=random) == without_jitter.delay(waits, random=0.0)


@pytest.mark.parametrize("waits", [0, 1, 30, 2000])
@pytest.mark.parametrize("name", ["initial_delay", "max_delay", "factor", "jitter", "min_delay"])
def test_ints_give_the_same_delays_as_floats(name: str, waits: int) -> None:
    """After days of failures, an exact power of `factor=2` is too large for a float."""
    whole: dict[str, Any] = {name: 2}
    broken: dict[str, Any] = {name: 2.0}
    expected = RetryPolicy(**broken).delay(waits, random=0.25, retry=3000)
    assert RetryPolicy(**whole).delay(waits, random=0.25, retry=3000) == expected


@given(waits, randoms)
@example(10**6, ALMOST_ONE)
def test_the_browser_policy_obeys_the_server_without_growth(waits: int, random: float) -> None:
    browser = RetryPolicy.browser()
    assert browser.delay(waits, random=random) == 3.0
    assert browser.delay(waits, random=random, retry=0) == 0.0
    assert browser.delay(waits, random=random, retry=1500) == 1.5
    assert browser.delay(waits, random=random, retry=LARGEST_RETRY) == (2**31 - 1) / 1000


def test_the_browser_policy_has_no_limit_and_no_statuses() -> None:
    browser = RetryPolicy.browser()
    assert browser.allows(attempts=10**9, elapsed=1e12)
    assert browser.statuses == frozenset()
    assert browser.reconnect_on_close is None
    assert browser.allowed_methods == RetryPolicy().allowed_methods


@pytest.mark.parametrize(
    ("policy", "attempts", "elapsed", "allowed"),
    [
        (RetryPolicy(), 10**9, 1e12, True),
        (RetryPolicy(max_attempts=3), 0, 0.0, True),
        (RetryPolicy(max_attempts=3), 2, 1e12, True),
        (RetryPolicy(max_attempts=3), 3, 0.0, False),
        (RetryPolicy(max_attempts=3), 4, 0.0, False),
        (RetryPolicy(max_attempts=1), 0, 0.0, True),
        (RetryPolicy(max_attempts=1), 1, 0.0, False),
        (RetryPolicy(max_elapsed=60.0), 10**9, 60.0, True),
        (RetryPolicy(max_elapsed=60.0), 0, 60.1, False),
        (RetryPolicy(max_elapsed=0.0), 0, 0.0, True),
        (RetryPolicy(max_elapsed=0.0), 0, 0.1, False),
        (RetryPolicy(max_attempts=3, max_elapsed=60.0), 2, 60.0, True),
        (RetryPolicy(max_attempts=3, max_elapsed=60.0), 3, 0.0, False),
        (RetryPolicy(max_attempts=3, max_elapsed=60.0), 0, 61.0, False),
    ],
)
def test_further_attempts_are_allowed_within_both_limits(
    policy: RetryPolicy, attempts: int, elapsed: float, allowed: bool
) -> None:
    assert policy.allows(attempts=attempts, elapsed=elapsed) is allowed
