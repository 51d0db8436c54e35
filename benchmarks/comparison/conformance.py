"""Every vector through every parser: how many of each group are right, wrong, or not to be judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.comparison.groups import grouped
from benchmarks.comparison.judgement import Outcome, judge
from benchmarks.comparison.on_node import node_parsers
from benchmarks.comparison.over_aiohttp import aiohttp_parsers
from benchmarks.comparison.over_requests import requests_parsers
from benchmarks.comparison.python_parsers import python_parsers

if TYPE_CHECKING:
    from benchmarks.comparison.judgement import Verdict
    from benchmarks.comparison.said import Peer
    from sse_transports.testing import Vector


@dataclass(frozen=True, slots=True)
class Row:
    """What became of the vectors: for each group, each vector with its verdict."""

    peer: Peer
    verdicts: dict[str, list[tuple[Vector, Verdict]]]

    def count(self, outcome: Outcome, group: str | None = None) -> int:
        """Return how many vectors have this outcome, of a group or of all."""
        groups = self.verdicts.values() if group is None else [self.verdicts[group]]
        return sum(verdict.outcome is outcome for verdicts in groups for _, verdict in verdicts)


def all_parsers() -> list[Peer]:
    """Return ours and all others that can run here."""
    return [*python_parsers(), *requests_parsers(), *aiohttp_parsers(), *node_parsers()]


def conformance(peer: Peer) -> Row:
    """Read all vectors with a parser."""
    with peer.open() as read:
        verdicts = {
            group: [(vector, judge(vector, group, peer.shows, read)) for vector in vectors]
            for group, vectors in grouped().items()
        }
    return Row(peer, verdicts)
