# SPDX-License-Identifier: Apache-2.0
"""Which fields of an impairment have a verdict; any other that is asked for is unsure."""

from __future__ import annotations

from dataclasses import fields
from typing import FrozenSet, List

from netem_lab.verdict.row import Row, Verdict
from networking_netem.domain.impairment import NONE, Impairment
from networking_netem.domain.link import Direction
from networking_netem.domain.rule_types import IMPOSED

JUDGED_FIELDS: FrozenSet[str] = frozenset(
    {
        *("delay_us", "jitter_us", "loss_ppm", "loss_burst_hundredths", "rate_kbps", "burst_kbit"),
        *("duplicate_ppm", "corrupt_ppm", "reorder_ppm"),
    }
)
"""The fields of `Impairment` that have a verdict in `verdicts`.

A burst has no row of its own: the flows that measure the rate use it up while they settle.
"""

_NUMBERS = {number.field: number for rule_type in IMPOSED for number in rule_type.numbers}


def unjudged(direction: Direction, asked: Impairment) -> List[Row]:
    """Return an unsure row for each field that is asked for and has no verdict."""
    return [
        _row(direction, each.name, getattr(asked, each.name))
        for each in fields(Impairment)
        if each.name not in JUDGED_FIELDS and getattr(asked, each.name) != getattr(NONE, each.name)
    ]


def _row(direction: Direction, field: str, steps: int) -> Row:
    number = _NUMBERS[field]
    text = f"{number.value(steps):g} {number.unit}"
    return Row(direction.value, number.name, text, "no verdict for this", Verdict.UNSURE)
