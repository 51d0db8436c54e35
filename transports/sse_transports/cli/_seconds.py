"""A number of seconds on the command line."""

from __future__ import annotations

import math

import click

from .._driver import LONGEST_TIMEOUT


class Seconds(click.FloatRange):
    """A number of seconds within bounds: not NaN, which would pass for being within any.

    Args:
        most: the largest; what a source can wait for, if it is not given.
        zero: whether 0 is allowed.
    """

    def __init__(self, *, most: float = LONGEST_TIMEOUT, zero: bool = False) -> None:
        super().__init__(min=0, min_open=not zero, max=most)

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value} is no number of seconds", param, ctx)
        return float(seconds)
