"""The transition table: complete, and without a dead end."""

from __future__ import annotations

import pytest

from sse_core import READY_STATES, TRANSITIONS, Signal, State

# What each signal is for: the states in which it can come, and the state that follows.
MEANING: dict[Signal, tuple[set[State], State]] = {
    Signal.CONNECT: (set(State) - {State.CLOSED}, State.CONNECTING),
    Signal.ACCEPT: ({State.CONNECTING}, State.OPEN),
    Signal.REDIRECT: ({State.CONNECTING}, State.CONNECTING),
    Signal.REFUSE: ({State.CONNECTING}, State.REFUSED),
    Signal.RECEIVE: ({State.OPEN}, State.OPEN),
    Signal.END: ({State.OPEN}, State.DECIDING),
    Signal.FAIL: ({State.CONNECTING, State.REFUSED, State.OPEN}, State.DECIDING),
    Signal.WAIT: ({State.DECIDING}, State.WAITING),
    Signal.PAUSE: (set(State) - {State.CLOSED}, State.PAUSED),
    Signal.CLOSE: (set(State), State.CLOSED),
}


def reachable_from(start: State) -> set[State]:
    found, fresh = {start}, [start]
    while fresh:
        following = set(TRANSITIONS[fresh.pop()].values()) - found
        found |= following
        fresh += following
    return found


def test_every_state_has_its_row_and_its_ready_state() -> None:
    assert list(TRANSITIONS) == list(READY_STATES) == list(State)


def test_every_signal_has_a_meaning() -> None:
    assert set(MEANING) == {signal for row in TRANSITIONS.values() for signal in row} == set(Signal)


@pytest.mark.parametrize("signal", Signal)
def test_a_signal_always_leads_to_the_same_state(signal: Signal) -> None:
    states, following = MEANING[signal]
    assert {state: row[signal] for state, row in TRANSITIONS.items() if signal in row} == dict.fromkeys(
        states, following
    )


def test_every_state_can_be_reached_from_the_first() -> None:
    assert reachable_from(State.NEW) == set(State)


@pytest.mark.parametrize("state", State)
def test_every_state_can_be_closed_in_one_step(state: State) -> None:
    assert TRANSITIONS[state][Signal.CLOSE] is State.CLOSED


def test_nothing_leads_out_of_closed_or_back_to_new() -> None:
    assert reachable_from(State.CLOSED) == {State.CLOSED}
    assert all(State.NEW not in row.values() for row in TRANSITIONS.values())


@pytest.mark.parametrize("state", [state for state in State if state is not State.CLOSED])
def test_every_other_state_can_be_left_for_an_open_stream(state: State) -> None:
    assert State.OPEN in reachable_from(state)


def test_states_and_signals_have_names_to_show() -> None:
    for member in (*State, *Signal):
        assert member.value == member.name.lower()
