"""Every scenario with every client over real sockets, with the same expectations."""

from __future__ import annotations

from collections import Counter

import pytest

import sse_core._connection
from tests.sse_transports.clients import CLIENTS, NamedClient
from tests.sse_transports.scenario import Scenario, run_scenario, verify
from tests.sse_transports.scenarios import SCENARIOS


@pytest.mark.parametrize("client_kind", CLIENTS, ids=lambda each: each.name)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_client_passes_every_scenario(
    scenario: Scenario, client_kind: NamedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    if scenario.error_body_seconds is not None:
        monkeypatch.setattr(sse_core._connection, "ERROR_BODY_SECONDS", scenario.error_body_seconds)
    verify(scenario, run_scenario(scenario, client_kind.run))


def test_scenario_names_are_unique() -> None:
    assert [
        name for name, count in Counter(scenario.name for scenario in SCENARIOS).items() if count > 1
    ] == []
