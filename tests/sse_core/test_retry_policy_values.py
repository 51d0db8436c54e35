"""A policy as a value: its defaults, its checks, and that it is immutable."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from sse_core import InvalidArgument, RetryPolicy

NUMBERS = ("initial_delay", "max_delay", "factor", "jitter", "min_delay", "max_attempts", "max_elapsed")
NOT_NUMBERS: tuple[Any, ...] = ("1", True, [], 1j, -1.0, -1, float("nan"), float("inf"), float("-inf"))


@pytest.mark.parametrize("value", NOT_NUMBERS, ids=repr)
@pytest.mark.parametrize("name", NUMBERS)
def test_invalid_numbers_are_refused_by_name(name: str, value: object) -> None:
    arguments: dict[str, Any] = {name: value}
    with pytest.raises(InvalidArgument) as caught:
        RetryPolicy(**arguments)
    assert caught.value.name == name
    assert str(caught.value).startswith(f"{name}: expected a ")


@pytest.mark.parametrize("name", ["initial_delay", "max_delay", "factor", "jitter", "min_delay"])
def test_a_delay_cannot_be_none(name: str) -> None:
    arguments: dict[str, Any] = {name: None}
    with pytest.raises(InvalidArgument, match=f"{name}: expected a number, not NoneType"):
        RetryPolicy(**arguments)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"min_delay": 5.0, "max_delay": 4.9}, "max_delay"),
        ({"max_delay": 0.0}, "max_delay"),
        ({"factor": 0.99}, "factor"),
        ({"factor": 0}, "factor"),
        ({"max_attempts": 0}, "max_attempts"),
    ],
)
def test_a_number_out_of_its_range_is_refused_by_name(arguments: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        RetryPolicy(**arguments)
    assert caught.value.name == name


@pytest.mark.parametrize(
    "arguments",
    [
        {"min_delay": 5.0, "max_delay": 5.0},
        {"min_delay": 0.0, "max_delay": 0.0, "initial_delay": 0.0},
        {"factor": 1},
        {"jitter": 0},
        {"max_attempts": 1},
        {"max_elapsed": 0},
        # Longer than `max_delay`, which limits it as it limits any delay.
        {"initial_delay": 100.0},
    ],
)
def test_a_number_at_the_edge_of_its_range_is_taken(arguments: dict[str, Any]) -> None:
    policy = RetryPolicy(**arguments)
    assert {name: getattr(policy, name) for name in arguments} == arguments


def test_the_defaults_are_those_that_are_documented() -> None:
    policy = RetryPolicy()
    assert policy == RetryPolicy(
        initial_delay=1.0,
        max_delay=30.0,
        factor=2.0,
        jitter=0.5,
        min_delay=0.1,
        max_attempts=None,
        max_elapsed=None,
        statuses=frozenset({408, 425, 429, 500, 502, 503, 504}),
        reconnect_on_close=None,
        allowed_methods={"GET", "HEAD", "OPTIONS", "TRACE"},
    )


def test_arguments_are_given_by_name() -> None:
    """A row of seconds, shares and counts would be unreadable."""
    make: Any = RetryPolicy
    with pytest.raises(TypeError):
        make(2.0)


def test_statuses_are_copied() -> None:
    statuses = {503}
    policy = RetryPolicy(statuses=statuses)
    statuses.add(500)
    assert policy.statuses == frozenset({503})
    assert RetryPolicy(statuses=[503, 503]) == policy


def test_a_policy_is_frozen() -> None:
    policy: Any = RetryPolicy()
    with pytest.raises(AttributeError, match="RetryPolicy is frozen: factor"):
        policy.factor = 3.0
    with pytest.raises(AttributeError, match="RetryPolicy is frozen: factor"):
        del policy.factor
    with pytest.raises(AttributeError):
        policy.unknown = 1
    assert policy == RetryPolicy()


def test_equal_policies_have_equal_hashes() -> None:
    assert RetryPolicy(factor=3.0) == RetryPolicy(factor=3.0)
    assert RetryPolicy(factor=3.0) != RetryPolicy(factor=3.5)
    assert RetryPolicy.browser() == RetryPolicy.browser()
    assert RetryPolicy() != RetryPolicy.browser()
    assert {RetryPolicy(), RetryPolicy(), RetryPolicy.browser()} == {RetryPolicy(), RetryPolicy.browser()}


@pytest.mark.parametrize("policy", [RetryPolicy(), RetryPolicy.browser(), RetryPolicy(max_attempts=2)])
def test_a_policy_survives_pickling_and_copying(policy: RetryPolicy) -> None:
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert copy.copy(policy) == policy
    assert copy.deepcopy(policy) == policy


@pytest.mark.parametrize("statuses", [429, ["429"], None])
def test_invalid_statuses_are_refused(statuses: Any) -> None:
    with pytest.raises(InvalidArgument, match="statuses: expected a set of ints"):
        RetryPolicy(statuses=statuses)


def test_max_attempts_must_be_an_int() -> None:
    with pytest.raises(InvalidArgument, match="max_attempts: expected an int"):
        RetryPolicy(max_attempts=2.5)  # type: ignore[arg-type]


def test_max_delay_below_min_delay_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"max_delay: 0\.05 is less than min_delay, 0\.1"):
        RetryPolicy(max_delay=0.05)


@pytest.mark.parametrize("methods", ["POST", 5, None, [5], ["NO SUCH"], [""]])
def test_invalid_allowed_methods_are_refused(methods: Any) -> None:
    with pytest.raises(InvalidArgument, match="allowed_methods: expected a set of HTTP methods"):
        RetryPolicy(allowed_methods=methods)


def test_allowed_methods_ignore_case_and_are_copied() -> None:
    methods = ["get", "Post"]
    policy = RetryPolicy(allowed_methods=methods)
    methods.clear()
    assert policy.allowed_methods == {"GET", "POST"}
