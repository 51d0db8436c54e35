"""Every scenario, played by the blocking client over real sockets."""

from __future__ import annotations

from collections import Counter

import pytest

import sse_transports._event_source
from sse_core import StateChange, Waiting
from sse_transports import EventSource
from tests.sse_transports.scenario import Scenario, Stage, play, verify
from tests.sse_transports.scenarios import SCENARIOS


def run_blocking(scenario: Scenario, stage: Stage) -> None:
    def on_state(change: StateChange) -> None:
        stage.changes.append(change)
        if scenario.skips_waits and isinstance(change, Waiting):
            source.reconnect()

    options = scenario.arguments()
    options["on_state"] = on_state
    with EventSource(scenario.url(stage), **options) as source:
        for event in source:
            stage.receive(event)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_blocking_client(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    if scenario.error_body_seconds is not None:
        monkeypatch.setattr(sse_transports._event_source, "ERROR_BODY_SECONDS", scenario.error_body_seconds)
    verify(scenario, play(scenario, run_blocking))


def test_scenarios_have_names_of_their_own() -> None:
    assert [
        name for name, count in Counter(scenario.name for scenario in SCENARIOS).items() if count > 1
    ] == []
