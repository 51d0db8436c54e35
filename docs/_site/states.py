"""The state diagram and the table of states, from `sse_core.TRANSITIONS`."""

from __future__ import annotations

import inspect
import re

from sse_core import READY_STATES, TRANSITIONS, ReadyState, Signal, State, _state

ANYWHERE = (Signal.CONNECT, Signal.PAUSE, Signal.CLOSE)
"""Signals that are possible in every state but the last. The diagram leaves most of their arrows out."""

COLORS = {
    ReadyState.CONNECTING: "#f3e3b3",
    ReadyState.OPEN: "#bfe3c6",
    ReadyState.CLOSED: "#d7d7de",
}


def as_markdown() -> str:
    """Return the diagram as a `graphviz` directive."""
    return "\n".join(["```{graphviz}", ":alt: the states of an event source", *_graph(), "```"])


def table() -> str:
    """Return a table of the states: the meaning of each, and where each signal leads."""
    meanings = _meanings()
    lines = ["| state | ready state | what it means | leads to |", "| --- | --- | --- | --- |"]
    for state, row in TRANSITIONS.items():
        leads = ", ".join(f"{signal.value} → {target.value}" for signal, target in row.items())
        lines.append(f"| `{state.name}` | {READY_STATES[state].name} | {meanings[state.name]} | {leads} |")
    return "\n".join(lines)


def _graph() -> list[str]:
    lines = [
        "digraph states {",
        'rankdir=TB; bgcolor="transparent"; pad=0.2; nodesep=0.5;',
        'node [shape=box, style="rounded,filled", fontname="sans-serif", fontsize=12, color="#555566"];',
        'edge [fontname="sans-serif", fontsize=11, color="#8888a0", fontcolor="#7a7a90"];',
    ]
    lines += [
        f'{state.name} [label="{state.value}", fillcolor="{COLORS[READY_STATES[state]]}"];' for state in State
    ]
    for state, row in TRANSITIONS.items():
        # One arrow for each target, labeled with all signals that lead there.
        arrows: dict[State, list[str]] = {}
        for signal, target in row.items():
            if signal not in ANYWHERE or _is_usual(state, signal):
                arrows.setdefault(target, []).append(signal.value)
        lines += [
            f'{state.name} -> {target.name} [label="  {", ".join(signals)}  "];'
            for target, signals in arrows.items()
        ]
    return [*lines, "}"]


def _is_usual(state: State, signal: Signal) -> bool:
    """Return whether the diagram shows this signal of `ANYWHERE`: it is a usual way out of the state."""
    return signal in {
        State.NEW: (Signal.CONNECT,),
        State.WAITING: (Signal.CONNECT,),
        State.PAUSED: (Signal.CONNECT,),
        State.OPEN: (Signal.PAUSE,),
        State.DECIDING: (Signal.CLOSE,),
    }.get(state, ())


def _meanings() -> dict[str, str]:
    # The meaning of a state is the docstring under its member, which only the source has.
    source = inspect.getsource(_state)
    return dict(re.findall(r'^    ([A-Z]+) = "\w+"\n    """(.*?)"""', source, re.MULTILINE))
