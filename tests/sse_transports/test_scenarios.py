"""Every scenario, played by every client over real sockets, with the same expectations."""

from __future__ import annotations

from collections import Counter

import pytest

import sse_core._connection
from tests.sse_transports.clients import WAYS, Way
from tests.sse_transports.scenario import Scenario, play, verify
from tests.sse_transports.scenarios import SCENARIOS


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_client_plays_it_alike(scenario: Scenario, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    if scenario.error_body_seconds is not None:
        monkeypatch.setattr(sse_core._connection, "ERROR_BODY_SECONDS", scenario.error_body_seconds)
    verify(scenario, play(scenario, way.play))


def test_scenarios_have_names_of_their_own() -> None:
    assert [
        name for name, count in Counter(scenario.name for scenario in SCENARIOS).items() if count > 1
    ] == []
