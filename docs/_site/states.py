"""The state diagram and the table of transitions, from the table that the code looks up."""

from __future__ import annotations

import inspect
import re

from sse_core import READY_STATES, TRANSITIONS, ReadyState, Signal, State, _state

ANYWHERE = (Signal.CONNECT, Signal.PAUSE, Signal.CLOSE)
"""What a caller may ask for in any state but the last: arrows from each would hide all others."""

COLOURS = {
    ReadyState.CONNECTING: "#f3e3b3",
    ReadyState.OPEN: "#bfe3c6",
    ReadyState.CLOSED: "#d7d7de",
}


def as_markdown() -> str:
    """Return the diagram, as graphviz draws it."""
    return "\n".join(["```{graphviz}", ":alt: the states of an event source", *_graph(), "```"])


def table() -> str:
    """Return every state with what it means and where each signal leads."""
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
        f'{state.name} [label="{state.value}", fillcolor="{COLOURS[READY_STATES[state]]}"];'
        for state in State
    ]
    for state, row in TRANSITIONS.items():
        between: dict[State, list[str]] = {}
        for signal, target in row.items():
            if signal not in ANYWHERE or _is_the_way_on(state, signal):
                between.setdefault(target, []).append(signal.value)
        lines += [
            f'{state.name} -> {target.name} [label="  {", ".join(signals)}  "];'
            for target, signals in between.items()
        ]
    return [*lines, "}"]


def _is_the_way_on(state: State, signal: Signal) -> bool:
    """Whether a signal that is possible anywhere is what usually leads out of this state."""
    return signal in {
        State.NEW: (Signal.CONNECT,),
        State.WAITING: (Signal.CONNECT,),
        State.PAUSED: (Signal.CONNECT,),
        State.OPEN: (Signal.PAUSE,),
        State.DECIDING: (Signal.CLOSE,),
    }.get(state, ())


def _meanings() -> dict[str, str]:
    # The sentence under each member is for readers of the source, and of this.
    source = inspect.getsource(_state)
    return dict(re.findall(r'^    ([A-Z]+) = "\w+"\n    """(.*?)"""', source, re.MULTILINE))
