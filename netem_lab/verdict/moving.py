# SPDX-License-Identifier: Apache-2.0
"""A link that changes by itself while it is measured has no figure to be judged by."""

from __future__ import annotations

from dataclasses import replace

from netem_lab.verdict.row import Row, Verdict
from networking_netem.domain.link import Direction, Link


def judged(link: Link, row: Row) -> Row:
    """The row, which is unsure where a timeline of the direction waits for its start or runs."""
    if row.verdict is Verdict.SHOWN or not link.extremes(Direction(row.direction)):
        return row
    measured = f"{row.measured}; the policy's timeline may change it meanwhile"
    return replace(row, verdict=Verdict.UNSURE, measured=measured)
