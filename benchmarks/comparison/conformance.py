"""Run every vector through every parser, and count per group how many are right, wrong, or not shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.comparison.aiohttp_parsers import aiohttp_parsers
from benchmarks.comparison.groups import grouped
from benchmarks.comparison.node_parsers import node_parsers
from benchmarks.comparison.python_parsers import python_parsers
from benchmarks.comparison.requests_parsers import requests_parsers
from benchmarks.comparison.scoring import Outcome, score

if TYPE_CHECKING:
    from benchmarks.comparison.events import Peer
    from benchmarks.comparison.scoring import Score
    from sse_transports.testing import Vector


@dataclass(frozen=True, slots=True)
class Conformance:
    """The scores of one parser: for each group, each vector with its score."""

    peer: Peer
    scores: dict[str, list[tuple[Vector, Score]]]

    def count(self, outcome: Outcome, group: str | None = None) -> int:
        """Return how many vectors have this outcome, in one group or in all."""
        groups = self.scores.values() if group is None else [self.scores[group]]
        return sum(score.outcome is outcome for scores in groups for _, score in scores)


def all_parsers() -> list[Peer]:
    """Return this library and all others that can run here."""
    return [*python_parsers(), *requests_parsers(), *aiohttp_parsers(), *node_parsers()]


def conformance(peer: Peer) -> Conformance:
    """Read all vectors with a parser."""
    with peer.open() as read:
        scores = {
            group: [(vector, score(vector, group, peer.shows, read)) for vector in vectors]
            for group, vectors in grouped().items()
        }
    return Conformance(peer, scores)
