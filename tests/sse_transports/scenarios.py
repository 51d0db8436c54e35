"""All scenarios, which every client must pass, in one table."""

from __future__ import annotations

from tests.sse_transports.scenario import Scenario
from tests.sse_transports.scenarios_of_bodies import BODIES
from tests.sse_transports.scenarios_of_ends import ENDS
from tests.sse_transports.scenarios_of_ids import IDS
from tests.sse_transports.scenarios_of_redirects import REDIRECTS
from tests.sse_transports.scenarios_of_refusals import REFUSALS
from tests.sse_transports.scenarios_of_time import TIME
from tests.sse_transports.scenarios_of_unsafe_methods import UNSAFE_METHODS

SCENARIOS: tuple[Scenario, ...] = (
    *ENDS,
    *UNSAFE_METHODS,
    *REFUSALS,
    *REDIRECTS,
    *BODIES,
    *IDS,
    *TIME,
)
